package dev.paddock.router;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.router.http.RequestHead;
import dev.paddock.routes.DynoRoute;
import io.netty.channel.Channel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.IOException;
import java.nio.channels.NotYetConnectedException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What happens to a connection that gets an event of the one that had its descriptor before, as epoll's may.
class DynoConnectionTest {
    @TempDir Path directory;

    /// It was taken for a refusal once, and the dyno left alone for five seconds (H21).
    @Test
    void readOfTheFormerConnectionEndsNoAttempt() throws Exception {
        assertThat(
                        isConnectedAfter(attempt ->
                                attempt.pipeline()
                                        .fireExceptionCaught(new NotYetConnectedException())))
                .isTrue();
    }

    /// The connection read nothing afterwards (H12).
    @Test
    void endOfTheFormerConnectionEndsNoAttempt() throws Exception {
        assertThat(
                        isConnectedAfter(attempt ->
                                attempt.pipeline()
                                        .fireUserEventTriggered(
                                                ChannelInputShutdownEvent.INSTANCE)))
                .isTrue();
    }

    private boolean isConnectedAfter(Consumer<Channel> event) throws Exception {
        CompletableFuture<Boolean> connected = new CompletableFuture<>();
        Connector.Attempt waiting =
                new Connector.Attempt() {
                    @Override
                    public void connected(DynoStream dyno) {
                        connected.complete(true);
                    }

                    @Override
                    public void notConnected() {
                        connected.complete(false);
                    }

                    @Override
                    public void noSocket() {
                        notConnected();
                    }
                };
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                AccessLog log = AccessLog.open(directory.resolve("log").toString(), null);
                EventLoops loops = loops(log)) {
            Backend backend =
                    new Backend("a", new DynoRoute("web.1", dyno.address(), DynoRoute.State.UP));
            backend.place(0);
            loops.onEach(loop -> {
                ClientConnection client = ClientConnection.at(new NoWire(), loop, null);
                Exchange exchange =
                        new Exchange(loop, client, client, new RequestHead(), System.nanoTime());
                event.accept(
                        requireNonNull(
                                loop.connector().connect(backend, exchange, waiting).channel()));
            });
            return connected.get(10, TimeUnit.SECONDS);
        }
    }

    private static EventLoops loops(AccessLog log) throws IOException {
        return new EventLoops(1, Transport.EPOLL, log, new RouterStats(1), ControlLink.nobody());
    }
}
