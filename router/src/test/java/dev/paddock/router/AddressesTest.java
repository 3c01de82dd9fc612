package dev.paddock.router;

import static dev.paddock.router.RawClient.request;
import static dev.paddock.router.TestRouter.app;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.DynoRoute;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Where clients are: IPv6, and behind a proxy that tells.
class AddressesTest {
    private static final InetSocketAddress LOOPBACK =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @Test
    void proxiedClientIsTheOneThatTheProxyNames() throws IOException {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("x"));
                TestRouter router = new TestRouter(LOOPBACK, true, app(dyno));
                RawClient client = router.connect()) {
            client.send("PROXY TCP4 203.0.113.9 192.0.2.2 50000 8443\r\n" + request("GET", "/1"));
            assertThat(client.response().status()).isEqualTo(200);
            client.get("/2");
            assertThat(client.response().status()).isEqualTo(200);

            assertThat(dyno.heads())
                    .hasSize(2)
                    .allSatisfy(head ->
                            assertThat(head)
                                    .contains("\r\nX-Forwarded-For: 203.0.113.9\r\n")
                                    .contains("\r\nX-Forwarded-Port: 8443\r\n"));
            router.logLine("path=\"/1\"", "fwd=\"203.0.113.9\"");
        }
    }

    @Test
    void binaryProxyHeaderIsReadInPieces() throws IOException {
        String header =
                new String(
                        HexFormat.of()
                                .parseHex(
                                        "0d0a0d0a000d0a515549540a2111000ccb007109c0000202c35001bb"),
                        java.nio.charset.StandardCharsets.ISO_8859_1);
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("x"));
                TestRouter router = new TestRouter(LOOPBACK, true, app(dyno));
                RawClient client = router.connect()) {
            client.send(header.substring(0, 5));
            client.send(header.substring(5, 20));
            client.send(header.substring(20) + request("GET", "/"));

            assertThat(client.response().status()).isEqualTo(200);
            assertThat(dyno.heads().getFirst()).contains("\r\nX-Forwarded-For: 203.0.113.9\r\n");
        }
    }

    @Test
    void connectionWithoutProxyHeaderIsClosed() throws IOException {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("x"));
                TestRouter router = new TestRouter(LOOPBACK, true, app(dyno))) {
            try (RawClient client = router.connect()) {
                client.get("/");
                assertThat(client.readToEnd()).isEmpty();
            }
            try (RawClient silent = router.connect()) {
                silent.send("PROXY TC");
                assertThat(silent.readToEnd()).isEmpty();
            }
            assertThat(dyno.heads()).isEmpty();
        }
    }

    @Test
    void proxyHeaderIsNoHeaderWhereNoneIsExpected() throws IOException {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("x"));
                TestRouter router = new TestRouter(app(dyno));
                RawClient client = router.connect()) {
            client.send("PROXY TCP4 203.0.113.9 192.0.2.2 50000 443\r\n" + request("GET", "/"));

            assertThat(client.response().status()).isEqualTo(400);
            assertThat(dyno.heads()).isEmpty();
        }
    }

    @Test
    void clientsAndDynosMayBeReachedOverIpv6() throws IOException {
        assumeTrue(hasIpv6(), "this machine has no ::1");
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("six"), "::1");
                TestRouter router =
                        new TestRouter(
                                new InetSocketAddress(InetAddress.ofLiteral("::1"), 0),
                                false,
                                AppRoute.of(
                                        "",
                                        "a",
                                        List.of("a.localhost"),
                                        List.of(
                                                new DynoRoute(
                                                        "web.1",
                                                        dyno.address(),
                                                        DynoRoute.State.UP))));
                RawClient client = router.connect()) {
            client.get("/", "X-Forwarded-For: 2001:db8::7");

            assertThat(dyno.address()).startsWith("[::1]:");
            assertThat(client.response().body()).isEqualTo("six");
            assertThat(dyno.heads().getFirst())
                    .contains("\r\nX-Forwarded-For: 2001:db8::7, ::1\r\n");
        }
    }

    private static boolean hasIpv6() {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.ofLiteral("::1"))) {
            return probe.isBound();
        } catch (IOException none) {
            return false;
        }
    }
}
