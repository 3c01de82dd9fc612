package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.router.http.RequestHead;
import dev.paddock.routes.DynoRoute;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import java.io.IOException;
import java.nio.channels.NotYetConnectedException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DynoConnectionTest {
    @TempDir Path directory;

    /// It was taken for a refusal once, and the dyno left alone for five seconds (H21).
    @Test
    void eventOfTheDescriptorsFormerConnectionDoesNotEndAnAttempt() throws IOException {
        Transport transport = Transport.best();
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                AccessLog log = AccessLog.open(directory.resolve("log").toString(), null);
                EventLoops loops =
                        new EventLoops(
                                1, transport, log, new RouterStats(1), ControlLink.nobody())) {
            Backend backend =
                    new Backend("a", new DynoRoute("web.1", dyno.address(), DynoRoute.State.UP));
            AtomicReference<DynoConnection> handler = new AtomicReference<>();
            loops.onEach(loop -> {
                ClientConnection client = new ClientConnection(loop, null);
                Exchange exchange = new Exchange(loop, client, client, new RequestHead());
                handler.set(new DynoConnection(loop, backend, exchange));
            });
            Channel attempt =
                    new Bootstrap()
                            .group(loops.group())
                            .channel(transport.channel())
                            .handler(handler.get())
                            .register()
                            .syncUninterruptibly()
                            .channel();

            attempt.pipeline().fireExceptionCaught(new NotYetConnectedException());
            loops.onEach(_ -> {});

            assertThat(attempt.connect(backend.address()).awaitUninterruptibly().isSuccess())
                    .isTrue();
            attempt.close().syncUninterruptibly();
        }
    }
}
