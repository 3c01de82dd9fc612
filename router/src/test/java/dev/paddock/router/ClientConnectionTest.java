package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClientConnectionTest {
    @TempDir Path directory;

    /// Its address cannot be asked for any more; a dyno got the request with an empty one once.
    @Test
    void requestOfAClientThatIsGoneAlreadyIsNotServed() throws IOException {
        Transport transport = Transport.best();
        Path lines = directory.resolve("log");
        try (AccessLog log = AccessLog.open(lines.toString(), null);
                EventLoops loops =
                        new EventLoops(
                                1, transport, log, new RouterStats(1), ControlLink.nobody())) {
            AtomicReference<ChannelWire> handler = new AtomicReference<>();
            loops.onEach(loop ->
                    handler.set(new ChannelWire(wire -> ClientConnection.at(wire, loop, null))));
            Channel unknown =
                    new Bootstrap()
                            .group(loops.group())
                            .channel(transport.channel())
                            .handler(handler.get())
                            .register()
                            .syncUninterruptibly()
                            .channel();
            ByteBuf request =
                    Unpooled.copiedBuffer(
                            RawClient.request("GET", "/"), StandardCharsets.ISO_8859_1);

            unknown.pipeline().fireChannelRead(request);
            loops.onEach(_ -> {});

            assertThat(request.refCnt()).isZero();
            assertThat(unknown.isOpen()).isFalse();
        }
        assertThat(Files.readString(lines)).isEmpty();
    }
}
