package dev.paddock.domains;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paddock.routes.Certificate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateAuthorityTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir Path directory;
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());

    private CertificateAuthority open(String domain) {
        return CertificateAuthority.open(directory, domain, now::get);
    }

    @Test
    void keysAreReadableByTheOwnerOnly() throws IOException {
        CertificateAuthority authority = open("localhost");
        authority.leaf("shop.localhost");

        assertThat(permissions("ca.key")).isEqualTo("rw-------");
        assertThat(permissions("leaf.key")).isEqualTo("rw-------");
        assertThat(permissions("leaves")).isEqualTo("rw-------");
        assertThat(permissions("ca.pem")).isEqualTo("rw-r--r--");
    }

    private String permissions(String file) throws IOException {
        return PosixFilePermissions.toString(
                Files.getPosixFilePermissions(directory.resolve(file)));
    }

    @Test
    void authorityAndLeavesSurviveAReopening() throws IOException {
        CertificateAuthority first = open("localhost");
        String file = Files.readString(first.file());
        Certificate leaf = first.leaf("shop.localhost");

        CertificateAuthority second = open("localhost");

        assertThat(Files.readString(second.file())).isEqualTo(file);
        assertThat(second.leaf("shop.localhost")).isEqualTo(leaf);
    }

    @Test
    void leafIsRenewedWhenLessThanTenDaysAreLeft() throws Exception {
        CertificateAuthority authority = open("localhost");
        Certificate first = authority.leaf("shop.localhost");

        now.set(now.get().plus(Duration.ofDays(19)));
        assertThat(authority.leaf("shop.localhost")).isEqualTo(first);

        now.set(now.get().plus(Duration.ofDays(2)));
        Certificate second = authority.leaf("shop.localhost");
        assertThat(second).isNotEqualTo(first);
        assertThat(Pem.certificate(second.chain()).getNotAfter().toInstant())
                .isAfter(now.get().plus(Duration.ofDays(29)));
        assertThat(open("localhost").leaf("shop.localhost")).isEqualTo(second);
    }

    @Test
    void recordCutShortByACrashIsSignedAgain() throws IOException {
        open("localhost").leaf("shop.localhost");
        Path leaves = directory.resolve("leaves");
        String text = Files.readString(leaves);
        Files.writeString(leaves, text.substring(0, text.length() - 40));

        Certificate leaf = open("localhost").leaf("shop.localhost");

        assertThat(leaf.chain()).endsWith("-----END CERTIFICATE-----\n");
        assertThat(open("localhost").leaf("shop.localhost")).isEqualTo(leaf);
    }

    @Test
    void anotherDomainMakesAnotherAuthority() throws Exception {
        String before = Files.readString(open("localhost").file());

        CertificateAuthority authority = open("apps.example.test");

        assertThat(Files.readString(authority.file())).isNotEqualTo(before);
        X509Certificate root = Pem.certificate(Files.readString(authority.file()));
        Pem.certificate(authority.leaf("shop.apps.example.test").chain())
                .verify(root.getPublicKey());
        Pem.certificate(authority.leaf("localhost").chain()).verify(root.getPublicKey());
    }

    @Test
    void namesOutsideTheLimitsAreRefused() {
        CertificateAuthority authority = open("apps.example.test");

        for (String name :
                List.of(
                        "example.test",
                        "notapps.example.test",
                        "127.0.0.2",
                        "::1",
                        "a b.localhost",
                        "a\n.localhost",
                        "")) {
            assertThatThrownBy(() -> authority.leaf(name))
                    .as(name)
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(authority::leaf).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void opensslAcceptsLeavesStrictlyAndRefusesWhatTheAuthorityMayNotSign() throws Exception {
        assumeProgram("openssl");
        CertificateAuthority authority = open("localhost");
        Path leaf = directory.resolve("leaf.pem");

        Files.writeString(leaf, authority.leaf("shop.localhost").chain());
        assertThat(verify(authority, leaf, "-verify_hostname", "shop.localhost")).contains(": OK");
        Files.writeString(leaf, authority.leaf("127.0.0.1").chain());
        assertThat(verify(authority, leaf, "-verify_ip", "127.0.0.1")).contains(": OK");

        KeyPair key = Pem.keyPair(Files.readString(directory.resolve("ca.key")));
        X509Certificate root = Pem.certificate(Files.readString(authority.file()));
        CertificateSigner signer = new CertificateSigner(root, key.getPrivate(), key);
        for (String name : List.of("example.com", "127.0.0.2", "localhost.example.com")) {
            Files.writeString(
                    leaf, signer.leaf(List.of(name), now.get(), Duration.ofDays(1)).chain());
            assertThat(verify(authority, leaf)).contains("permitted subtree violation");
        }
    }

    private String verify(CertificateAuthority authority, Path leaf, String... options)
            throws Exception {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "openssl",
                                "verify",
                                "-x509_strict",
                                "-CAfile",
                                "" + authority.file()));
        command.addAll(List.of(options));
        command.add(leaf.toString());
        return run(List.of(), command);
    }

    @Test
    void curlNodeAndPythonTrustTheLeaves() throws Exception {
        assumeProgram("curl");
        assumeProgram("node");
        assumeProgram("python3");
        CertificateAuthority authority = open("localhost");
        for (String host : List.of("localhost", "127.0.0.1", "shop.localhost")) {
            Certificate leaf =
                    host.equals("shop.localhost")
                            ? authority.leaf(host)
                            : authority.leaf("localhost", "127.0.0.1");
            try (SSLServerSocket server = serve(leaf)) {
                String ca = authority.file().toString();
                String port = String.valueOf(server.getLocalPort());
                List<String> curl =
                        List.of(
                                "curl",
                                "-sS",
                                "--cacert",
                                ca,
                                "--noproxy",
                                "*",
                                "--resolve",
                                host + ":" + port + ":127.0.0.1",
                                "https://" + host + ":" + port + "/");
                List<String> python = List.of("python3", "-c", PYTHON, ca, host, port);
                List<String> node = List.of("node", "-e", NODE, host, port);

                assertThat(run(List.of(), curl)).isEqualTo("hello");
                assertThat(run(List.of(), python)).contains("hello");
                assertThat(run(List.of("NODE_EXTRA_CA_CERTS=" + ca), node)).contains("hello");
                assertThat(run(List.of(), node)).doesNotContain("hello");
            }
        }
    }

    private static final String PYTHON =
            """
            import socket, ssl, sys
            ca, host, port = sys.argv[1:]
            context = ssl.create_default_context(cafile=ca)
            context.verify_flags |= ssl.VERIFY_X509_STRICT
            with socket.create_connection(("127.0.0.1", int(port))) as plain:
                with context.wrap_socket(plain, server_hostname=host) as tls:
                    tls.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
                    print(tls.makefile("rb").read())
            """;

    private static final String NODE =
            """
            const [host, port] = process.argv.slice(1);
            const lookup = (name, options, done) =>
                options.all ? done(null, [{address: '127.0.0.1', family: 4}]) : done(null, '127.0.0.1', 4);
            require('https').get({host, port, lookup, agent: false}, answer => answer.pipe(process.stdout))
                .on('error', error => console.log(error.code));
            """;

    private static SSLServerSocket serve(Certificate leaf) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        char[] password = "test".toCharArray();
        store.setKeyEntry(
                "leaf",
                privateKey(leaf),
                password,
                new java.security.cert.Certificate[] {Pem.certificate(leaf.chain())});
        KeyManagerFactory keys =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        SSLServerSocket server =
                (SSLServerSocket)
                        context.getServerSocketFactory()
                                .createServerSocket(0, 16, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> answerAll(server));
        return server;
    }

    private static PrivateKey privateKey(Certificate leaf) throws Exception {
        String body = leaf.key().replaceAll("-----.*-----", "");
        return KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(body)));
    }

    private static void answerAll(SSLServerSocket server) {
        while (!server.isClosed()) {
            try (var client = server.accept()) {
                client.getInputStream().readNBytes(16);
                client.getOutputStream()
                        .write(
                                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
                                        .getBytes(StandardCharsets.US_ASCII));
            } catch (IOException _) {
                // A client that does not trust us, as one of them should; or the end of the test.
            }
        }
    }

    private static void assumeProgram(String name) {
        boolean there =
                List.of(System.getenv().getOrDefault("PATH", "").split(":")).stream()
                        .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
        assumeTrue(there, name + " is not installed");
    }

    private static String run(List<String> environment, List<String> command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().remove("NODE_EXTRA_CA_CERTS");
        for (String variable : environment) {
            String[] parts = variable.split("=", 2);
            builder.environment().put(parts[0], parts[1]);
        }
        Process process = builder.start();
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        process.getInputStream().transferTo(output);
        assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        return output.toString(StandardCharsets.UTF_8);
    }

    @Test
    void storedLeavesAreReadAndNotMadeAgain() {
        CertificateAuthority authority = open("localhost");
        int count = 2_000;
        List<Certificate> made =
                IntStream.range(0, count)
                        .mapToObj(i -> authority.leaf("shop-" + i + ".localhost"))
                        .toList();

        CertificateAuthority again = open("localhost");

        for (int i = 0; i < count; i++) {
            assertThat(again.leafMadeBefore("shop-" + i + ".localhost")).contains(made.get(i));
        }
    }
}
