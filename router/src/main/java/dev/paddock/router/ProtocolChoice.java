package dev.paddock.router;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;

/// Waits for the end of a TLS handshake and goes on in the protocol that was agreed on (ALPN). Owned by its event loop.
final class ProtocolChoice extends ChannelInboundHandlerAdapter {
    private final EventLoop loop;
    private final TlsPeer tls;

    ProtocolChoice(EventLoop loop, TlsPeer tls) {
        this.loop = loop;
        this.tls = tls;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        loop.greetingBegan();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        loop.greetingEnded();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            ClientAddress peer = ClientAddress.of(context.channel());
            if (handshake.isSuccess() && peer != null) {
                context.pipeline().replace(this, null, connection(peer));
            } else {
                Sockets.close(context.channel());
            }
        } else if (event instanceof ChannelInputShutdownEvent) {
            // Nobody half-closes TLS and waits.
            Sockets.close(context.channel());
        }
    }

    private ChannelHandler connection(ClientAddress peer) {
        return ApplicationProtocolNames.HTTP_2.equals(tls.handler().applicationProtocol())
                ? Http2ClientConnection.of(loop, tls, peer)
                : new ChannelWire(wire -> ClientConnection.at(wire, loop, tls));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // Whatever came was no TLS that we speak.
        Sockets.close(context.channel());
    }
}
