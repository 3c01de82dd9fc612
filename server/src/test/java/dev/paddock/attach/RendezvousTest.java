package dev.paddock.attach;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.core.AppId;
import dev.paddock.core.VirtualTime;
import dev.paddock.domains.CertificateAuthority;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.Stdio;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.InstantSource;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RendezvousTest {
    private static final AppId APP = AppId.random();
    private static final Stdio TERMINAL = new Stdio.Terminal(24, 80);
    private static final int LIMIT_MILLIS = 10_000;

    @TempDir private static Path directory;
    private static CertificateAuthority authority;

    private final VirtualTime time = new VirtualTime();
    private final FakeOneOff dyno = new FakeOneOff();
    private final DynoId id = DynoId.random();
    private Rendezvous rendezvous;

    @BeforeAll
    static void makeAuthority() {
        authority = CertificateAuthority.open(directory, "localhost", InstantSource.system());
    }

    @BeforeEach
    void listen() {
        var anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        rendezvous = new Rendezvous(anyPort, authority, dyno, time);
        rendezvous.start();
    }

    @AfterEach
    void close() {
        rendezvous.close();
    }

    @Test
    void welcomeComesAloneAndOutputFollows() throws Exception {
        dyno.print("early output\n");

        try (SSLSocket client = dial(rendezvous.expect(APP, id, TERMINAL))) {
            byte[] first = new byte[1000];
            int read = client.getInputStream().read(first);
            assertThat(new String(first, 0, read, StandardCharsets.UTF_8))
                    .isEqualTo("rendezvous\r\n");
            assertThat(readLine(client)).isEqualTo("early output");
        }
    }

    @Test
    void bytesGoBothWaysAsTheyAre() throws Exception {
        byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }

        try (SSLSocket client = attached(TERMINAL)) {
            client.getOutputStream().write(all);
            await().untilAsserted(() -> assertThat(dyno.typed()).isEqualTo(all));
            dyno.print(all);

            assertThat(client.getInputStream().readNBytes(all.length)).isEqualTo(all);
        }
    }

    @Test
    void serverClosesWhenTheDynoEndedAndAllOutputIsSent() throws Exception {
        try (SSLSocket client = attached(TERMINAL)) {
            client.getOutputStream().write(bytes("input that nobody reads"));
            dyno.print("x".repeat(1_000_000));
            dyno.end();

            assertThat(client.getInputStream().readAllBytes()).hasSize(1_000_000);
        }
        await().untilAsserted(() -> assertThat(dyno.closed).isTrue());
        assertThat(dyno.hungUp).isEmpty();
    }

    @Test
    void clientThatLeavesHangsUp() throws Exception {
        attached(TERMINAL).close();

        await().untilAsserted(() -> assertThat(dyno.hungUp).containsExactly(id));
    }

    @Test
    void lastByteFourEndsTheInputOfPipes() throws Exception {
        try (SSLSocket client = attached(new Stdio.Pipes())) {
            client.getOutputStream().write(bytes("one\ntwo\n\u0004"));

            await().untilAsserted(() -> assertThat(dyno.inputClosed).isTrue());
            assertThat(dyno.typed()).asString().isEqualTo("one\ntwo\n");
            dyno.print("bye\n");
            assertThat(readLine(client)).isEqualTo("bye");
        }
    }

    @Test
    void byteFourThatMoreFollowsPassesThroughPipes() throws Exception {
        try (SSLSocket client = attached(new Stdio.Pipes())) {
            client.getOutputStream().write(bytes("a\u0004"));
            client.getOutputStream().write(bytes("b"));

            await().untilAsserted(() -> assertThat(dyno.typed()).asString().isEqualTo("a\u0004b"));
            assertThat(dyno.inputClosed).isFalse();
        }
    }

    @Test
    void byteFourIsTypedIntoATerminal() throws Exception {
        try (SSLSocket client = attached(TERMINAL)) {
            client.getOutputStream().write(4);

            await().untilAsserted(() -> assertThat(dyno.typed()).containsExactly(4));
            assertThat(dyno.inputClosed).isFalse();
        }
    }

    @Test
    void wrongSecretIsTurnedAway() throws Exception {
        rendezvous.expect(APP, id, TERMINAL);

        try (SSLSocket client = dial("rendezvous://localhost:" + rendezvous.port() + "/wrong")) {
            assertThat(readAll(client)).isEmpty();
        }
        assertThat(dyno.attached).isEmpty();
    }

    @Test
    void secretWorksOnce() throws Exception {
        String url = rendezvous.expect(APP, id, TERMINAL);

        try (SSLSocket first = dial(url)) {
            assertThat(readLine(first)).isEqualTo("rendezvous");
            try (SSLSocket second = dial(url)) {
                assertThat(readAll(second)).isEmpty();
            }
        }
        assertThat(dyno.attached).containsExactly(id);
    }

    @Test
    void secretExpiresAfterAMinute() throws Exception {
        String url = rendezvous.expect(APP, id, TERMINAL);
        time.advance(Rendezvous.LIFE);

        try (SSLSocket client = dial(url)) {
            assertThat(readAll(client)).isEmpty();
        }
        assertThat(dyno.attached).isEmpty();
    }

    @Test
    void endlessFirstLineIsTurnedAway() throws Exception {
        try (SSLSocket client = connect(rendezvous.port())) {
            client.getOutputStream().write(bytes("x".repeat(5000)));
            assertThat(readAll(client)).isEmpty();
        }
        assertThat(dyno.attached).isEmpty();
    }

    @Test
    void dynoThatCannotBeAttachedIsHungUpAndTheClientClosed() throws Exception {
        dyno.refuses = true;

        try (SSLSocket client = attached(TERMINAL)) {
            assertThat(readAll(client)).isEmpty();
        }
        await().untilAsserted(() -> assertThat(dyno.hungUp).containsExactly(id));
    }

    @Test
    void plainTextDoesNotDisturbTheOthers() throws Exception {
        try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), rendezvous.port())) {
            plain.setSoTimeout(LIMIT_MILLIS);
            plain.getOutputStream().write(bytes("GET / HTTP/1.1\r\n\r\n"));
            plain.getInputStream().readAllBytes();
        }

        attached(TERMINAL).close();
        await().untilAsserted(() -> assertThat(dyno.attached).containsExactly(id));
    }

    private SSLSocket attached(Stdio stdio) throws Exception {
        SSLSocket client = dial(rendezvous.expect(APP, id, stdio));
        assertThat(readLine(client)).isEqualTo("rendezvous");
        return client;
    }

    private static SSLSocket dial(String url) throws Exception {
        URI uri = URI.create(url);
        SSLSocket client = connect(uri.getPort());
        client.getOutputStream().write(bytes(uri.getPath().substring(1) + "\r\n"));
        return client;
    }

    /// As strict as the CLI: only our authority is trusted, and the certificate must name the host.
    private static SSLSocket connect(int port) throws Exception {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (InputStream pem = Files.newInputStream(authority.file())) {
            trusted.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        SSLSocket client = (SSLSocket) context.getSocketFactory().createSocket("localhost", port);
        SSLParameters parameters = client.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        client.setSSLParameters(parameters);
        client.setSoTimeout(LIMIT_MILLIS);
        return client;
    }

    private static String readLine(SSLSocket client) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = client.getInputStream().read();
                next >= 0 && next != '\n';
                next = client.getInputStream().read()) {
            line.write(next);
        }
        return line.toString(StandardCharsets.UTF_8).replace("\r", "");
    }

    /// A server that closes while input is on its way may reset the connection; that is an end, too.
    private static byte[] readAll(SSLSocket client) throws IOException {
        try {
            return client.getInputStream().readAllBytes();
        } catch (SocketException e) {
            return new byte[0];
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
