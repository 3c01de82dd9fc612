package dev.paddock.router;

import static dev.paddock.router.FrameClient.GOAWAY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.router.FrameClient.Frame;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.Certificate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which cipher suites of TLS 1.2 carry HTTP/2 (RFC 9113 section 9.2.2 and appendix A). An RSA certificate allows more of
/// them than our own.
class CipherTest {
    private static final int INADEQUATE_SECURITY = 12;
    private static final String WEAK = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA";

    @TempDir Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
            })
    void modernSuitesCarryHttp2(String suite) throws Exception {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                TestRouter router = new TestRouter(withRsa(dyno));
                FrameClient client = open(router, suite)) {
            client.preface().get(1, "/");

            assertThat(client.answer(1)).isEqualTo("200 ok");
            router.logLine("protocol=http2.0 tls=true tls_version=tls1.2");
        }
    }

    @Test
    void noRequestIsTakenInHttp2OverAWeakSuite() throws Exception {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                TestRouter router = new TestRouter(withRsa(dyno));
                FrameClient client = open(router, WEAK)) {
            client.preface().get(1, "/");

            assertThat(client.goAway()).isEqualTo(INADEQUATE_SECURITY);
            assertThat(client.seen())
                    .filteredOn(frame -> frame.type() == GOAWAY)
                    .extracting(Frame::text)
                    .first()
                    .asString()
                    .endsWith("the cipher suite is too weak");
            assertThat(dyno.heads()).isEmpty();
        }
    }

    @Test
    void oldClientIsServedInHttp11OverAWeakSuite() throws Exception {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                TestRouter router = new TestRouter(withRsa(dyno))) {
            int port = router.listenTls().getPort();
            try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
                    SSLSocket socket =
                            (SSLSocket)
                                    FrameClient.trusting()
                                            .getSocketFactory()
                                            .createSocket(plain, "a.localhost", port, true)) {
                SSLParameters parameters = socket.getSSLParameters();
                offerOnly(parameters, WEAK);
                socket.setSSLParameters(parameters);
                socket.getOutputStream()
                        .write(
                                RawClient.request("GET", "/", "Connection: close")
                                        .getBytes(StandardCharsets.ISO_8859_1));

                byte[] answer = socket.getInputStream().readAllBytes();
                assertThat(new String(answer, StandardCharsets.ISO_8859_1))
                        .startsWith("HTTP/1.1 200 ")
                        .endsWith("ok");
            }
        }
    }

    private static FrameClient open(TestRouter router, String suite) throws IOException {
        return new FrameClient(
                router.listenTls(),
                FrameClient.trusting(),
                parameters -> offerOnly(parameters, suite));
    }

    private static void offerOnly(SSLParameters parameters, String suite) {
        parameters.setProtocols(new String[] {"TLSv1.2"});
        parameters.setCipherSuites(new String[] {suite});
    }

    private AppRoute withRsa(FakeDyno dyno) throws Exception {
        return TestRouter.app(dyno).withCertificate(Optional.of(rsa()));
    }

    /// Made by the JDK's own program.
    private Certificate rsa() throws Exception {
        Path file = directory.resolve("rsa.p12");
        String command =
                "-genkeypair -keyalg RSA -keysize 2048 -alias a -dname CN=a.localhost"
                        + " -ext san=dns:a.localhost -storetype PKCS12 -storepass password"
                        + " -keystore ";
        List<String> program = new ArrayList<>();
        program.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        program.addAll(List.of(command.strip().split(" ")));
        program.add(file.toString());
        int status =
                new ProcessBuilder(program)
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("keytool").toFile())
                        .start()
                        .waitFor();
        assertThat(status).isZero();
        char[] password = "password".toCharArray();
        KeyStore store = KeyStore.getInstance(file.toFile(), password);
        return new Certificate(
                pem("CERTIFICATE", store.getCertificate("a").getEncoded()),
                pem("PRIVATE KEY", store.getKey("a", password).getEncoded()));
    }

    private static String pem(String what, byte[] bytes) {
        return "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n"
                .formatted(what, Base64.getMimeEncoder().encodeToString(bytes));
    }
}
