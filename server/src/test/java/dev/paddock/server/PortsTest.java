package dev.paddock.server;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import org.junit.jupiter.api.Test;

class PortsTest {
    @Test
    void portInUseNamesItsHolder() throws IOException {
        try (ServerSocket held = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            HostPort address = new HostPort("127.0.0.1", held.getLocalPort());

            assertThatThrownBy(() -> Ports.requireFree("--http", address))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining(address.toString())
                    .hasMessageContaining("--http")
                    .hasMessageContaining("process " + ProcessHandle.current().pid() + " (")
                    .hasMessageContaining("java");
        }
    }

    @Test
    void portSharedByItsHolderIsInUseToo() throws IOException {
        try (ServerSocketChannel held = ServerSocketChannel.open()) {
            held.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            held.bind(new java.net.InetSocketAddress(java.net.InetAddress.getLoopbackAddress(), 0));
            int port = held.socket().getLocalPort();

            assertThatThrownBy(() -> Ports.requireFree("--https", new HostPort("127.0.0.1", port)))
                    .isInstanceOf(UserError.class);
        }
    }

    @Test
    void freePortIsLeftFree() throws IOException {
        int port;
        try (ServerSocket once = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = once.getLocalPort();
        }
        HostPort address = new HostPort("127.0.0.1", port);

        Ports.requireFree("--api", address);

        assertThatCode(() -> Ports.requireFree("--api", address)).doesNotThrowAnyException();
    }
}
