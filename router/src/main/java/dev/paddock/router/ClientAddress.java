package dev.paddock.router;

import dev.paddock.router.http.Ascii;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// Where a client is and the port that it connected to: of the connection, or as a proxy before us says.
final class ClientAddress {
    static final ClientAddress NOBODY = new ClientAddress(new byte[0], 0);

    private static final AttributeKey<ClientAddress> TOLD =
            AttributeKey.valueOf(ClientAddress.class, "told");

    private final byte[] text;
    private final int port;

    ClientAddress(byte[] text, int port) {
        this.text = text;
        this.port = port;
    }

    /// The address without a port.
    byte[] text() {
        return text;
    }

    /// The port that the client connected to.
    int port() {
        return port;
    }

    /// What is known about this connection; null when it is gone already.
    static @Nullable ClientAddress of(Channel channel) {
        if (channel.hasAttr(TOLD)) {
            return channel.attr(TOLD).get();
        }
        InetSocketAddress remote = (InetSocketAddress) channel.remoteAddress();
        InetSocketAddress local = (InetSocketAddress) channel.localAddress();
        if (remote == null || local == null) {
            return null;
        }
        return new ClientAddress(
                Ascii.bytes(NetUtil.toAddressString(remote.getAddress())), local.getPort());
    }

    /// A proxy before us told whose connection it is.
    void tell(Channel channel) {
        channel.attr(TOLD).set(this);
    }
}
