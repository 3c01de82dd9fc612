package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.Certificate;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Which of an app's certificates a client sees.
class HostCertificatesTest {
    private static final Certificate APP = SelfSigned.make("app");
    private static final Certificate EXACT = SelfSigned.make("exact");
    private static final Certificate WILD = SelfSigned.make("wild");

    @ParameterizedTest
    @CsvSource({
        "a.localhost, app",
        "www.a.test, exact",
        "WWW.A.TEST, exact",
        "shop.wild.test, wild",
        "own.wild.test, exact",
        "plain.test, app"
    })
    void nameThatTheClientAsksForDecides(String name, String certificate) throws Exception {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                TestRouter router = new TestRouter(app(dyno));
                SSLSocket client = connect(router, name)) {
            assertThat(client.getSession().getPeerCertificates()[0])
                    .isEqualTo(
                            switch (certificate) {
                                case "exact" -> x509(EXACT);
                                case "wild" -> x509(WILD);
                                default -> x509(APP);
                            });
            assertThat(answer(client, name)).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void hostBehindAnotherCertificateIsMisdirected() throws Exception {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                TestRouter router = new TestRouter(app(dyno));
                SSLSocket client = connect(router, "www.a.test")) {
            assertThat(answer(client, "shop.wild.test")).startsWith("HTTP/1.1 421 ");
            assertThat(dyno.heads()).isEmpty();
        }
    }

    private static AppRoute app(FakeDyno dyno) {
        AppRoute plain = TestRouter.app(dyno);
        return AppRoute.of(
                        plain.id(),
                        plain.name(),
                        List.of(
                                "a.localhost",
                                "www.a.test",
                                "*.wild.test",
                                "own.wild.test",
                                "plain.test"),
                        plain.dynos())
                .withCertificates(
                        Optional.of(APP),
                        Map.of(
                                "www.a.test", EXACT,
                                "own.wild.test", EXACT,
                                "*.wild.test", WILD));
    }

    private static X509Certificate x509(Certificate certificate) throws CertificateException {
        byte[] chain = certificate.chain().getBytes(StandardCharsets.US_ASCII);
        return (X509Certificate)
                CertificateFactory.getInstance("X.509")
                        .generateCertificate(new ByteArrayInputStream(chain));
    }

    private static SSLSocket connect(TestRouter router, String name) throws IOException {
        int port = router.listenTls().getPort();
        Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
        SSLSocket socket =
                (SSLSocket)
                        FrameClient.trusting()
                                .getSocketFactory()
                                .createSocket(plain, name, port, true);
        socket.startHandshake();
        return socket;
    }

    private static String answer(SSLSocket client, String host) throws IOException {
        client.getOutputStream()
                .write(
                        "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                                .formatted(host)
                                .getBytes(StandardCharsets.ISO_8859_1));
        return new String(client.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
}
