package dev.paddock.drains;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.apps.Apps;
import dev.paddock.core.AppId;
import dev.paddock.core.RealTimers;
import dev.paddock.core.UserError;
import dev.paddock.domains.CertificateAuthority;
import dev.paddock.domains.ServerTls;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import dev.paddock.logs.LogFilter;
import dev.paddock.logs.LogHub;
import dev.paddock.outbound.AddressBlock;
import dev.paddock.outbound.OutboundTargets;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Drains to real sockets, with short pauses.
@Timeout(120)
class DrainsTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Instant TIME = Instant.parse("2026-01-01T00:00:00.5Z");
    private static final int MESSAGES = 20;

    private static final DrainLimits SHORT =
            new DrainLimits(
                    MESSAGES,
                    5,
                    102_400,
                    4096,
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(1),
                    3,
                    Duration.ofMillis(10),
                    Duration.ofMillis(20),
                    Duration.ofMinutes(5),
                    Duration.ofSeconds(60),
                    Duration.ofMillis(20),
                    10,
                    Duration.ofSeconds(60),
                    Duration.ofMillis(50),
                    Duration.ofHours(5));

    @TempDir private Path directory;
    private final InstantSource clock = InstantSource.system();
    private final RealTimers timers = new RealTimers();
    private final OutboundTargets targets =
            new OutboundTargets(List.of(AddressBlock.parse("127.0.0.0/8")));
    private Apps apps;
    private Account owner;
    private LogDrains rows;
    private LogHub logs;
    private Drains drains;
    private AppId app;
    private CertificateAuthority authority;

    @BeforeEach
    void make() {
        Database database = TestDatabase.fresh();
        apps = new Apps(database, clock);
        owner = new Accounts(database, clock).create("ann@example.com", "Ann");
        app = newApp();
        logs = new LogHub(directory.resolve("logs"));
        rows = new LogDrains(database, clock);
        authority = CertificateAuthority.open(directory.resolve("ca"), "localhost", clock);
        drains = drains();
    }

    private AppId newApp() {
        return apps.create(owner, Optional.empty(), Optional.empty(), Optional.empty()).id();
    }

    private Drains drains() {
        return new Drains(
                rows,
                logs,
                new DrainSocket.Parts(targets, timers, trusted(), AnyCertificate.sockets()),
                SHORT,
                clock);
    }

    /// Trusts this test's authority and no other.
    private SSLSocketFactory trusted() {
        try (InputStream in = Files.newInputStream(authority.file())) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            store.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
            TrustManagerFactory trust =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context.getSocketFactory();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @AfterEach
    void close() {
        drains.close();
        logs.close();
        timers.close();
    }

    private void write(String text) {
        write(app, text);
    }

    private void write(AppId to, String text) {
        logs.write(LogLine.of(to, TIME, LogSource.APP, "web.1", text));
    }

    private static void soon(Runnable assertion) {
        await().atMost(LONG).untilAsserted(assertion::run);
    }

    @Test
    void httpTargetGetsFramesAsLogplexSendsThem() throws Exception {
        try (FakeTarget.Http target = new FakeTarget.Http(null)) {
            write("history");
            LogDrain drain =
                    drains.add(app, "http://me:pass@127.0.0.1:" + target.port() + "/in?key=a%2Fb");
            write("größer");

            FakeTarget.Http.Post post = target.next();

            assertThat(post.line()).isEqualTo("POST /in?key=a%2Fb HTTP/1.1");
            assertThat(post.header("Host")).isEqualTo("127.0.0.1:" + target.port());
            assertThat(post.header("Content-Type")).isEqualTo("application/logplex-1");
            assertThat(post.header("Logplex-Msg-Count")).isEqualTo("1");
            assertThat(post.header("Logplex-Frame-Id")).matches("[0-9a-f]{32}");
            assertThat(post.header("Logplex-Drain-Token")).isEqualTo(drain.token());
            assertThat(post.header("User-Agent")).startsWith("Logplex/v");
            assertThat(post.header("Authorization")).isEqualTo("Basic bWU6cGFzcw==");
            assertThat(post.body())
                    .isEqualTo(
                            "66 <190>1 2026-01-01T00:00:00.500000+00:00 host app web.1 - größer\n");
        }
    }

    @Test
    void linesThatComeDuringARequestGoTogetherInTheNextOverTheSameConnection() throws Exception {
        try (FakeTarget.Http target = new FakeTarget.Http(null)) {
            drains.add(app, "http://127.0.0.1:" + target.port());
            target.hold();
            write("first");
            assertThat(target.next().body()).contains("first");
            write("second");
            write("third");
            awaitRead();
            target.release();

            FakeTarget.Http.Post post = target.next();

            assertThat(post.body()).containsSubsequence("second", "third");
            assertThat(post.header("Logplex-Msg-Count"))
                    .isEqualTo(String.valueOf(post.body().lines().count()));
            assertThat(target.connections).hasValue(1);
        }
    }

    /// Another drain of the same app has got all lines that were written so far.
    private void awaitRead() throws Exception {
        try (FakeTarget.Syslog other = new FakeTarget.Syslog(null)) {
            LogDrain drain = drains.add(app, "syslog://127.0.0.1:" + other.port());
            write("mark");
            soon(() -> assertThat(other.text()).contains("mark"));
            drains.remove(drain);
        }
    }

    @Test
    void frameIsSentAgainUnderItsIdUntilTheTargetTakesIt() throws Exception {
        try (FakeTarget.Http target = new FakeTarget.Http(null)) {
            target.statuses.addAll(List.of(500, 429));
            drains.add(app, "http://127.0.0.1:" + target.port());
            write("stubborn");

            FakeTarget.Http.Post first = target.next();
            for (FakeTarget.Http.Post again : List.of(target.next(), target.next())) {
                assertThat(again).isEqualTo(first);
            }
            write("next");
            assertThat(target.next().body()).contains("next").doesNotContain("L10");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {FakeTarget.Http.CLOSE, FakeTarget.Http.SILENT})
    void frameIsSentAgainWhenThereWasNoAnswer(int silence) throws Exception {
        try (FakeTarget.Http target = new FakeTarget.Http(null)) {
            target.statuses.add(silence);
            drains.add(app, "http://127.0.0.1:" + target.port());
            write("stubborn");

            assertThat(target.next()).isEqualTo(target.next());
            assertThat(target.connections).hasValue(2);
        }
    }

    @Test
    void frameThatIsRefusedIsNotSentAgain() throws Exception {
        try (FakeTarget.Http target = new FakeTarget.Http(null)) {
            target.statuses.add(400);
            drains.add(app, "http://127.0.0.1:" + target.port());
            write("unwelcome");
            assertThat(target.next().body()).contains("unwelcome");
            write("next");

            assertThat(target.next().body())
                    .contains("next")
                    .doesNotContain("unwelcome")
                    .doesNotContain("L10");
        }
    }

    @Test
    void frameThatIsNeverTakenIsToldAsALossFirst() throws Exception {
        try (FakeTarget.Http target = new FakeTarget.Http(null)) {
            target.statuses.addAll(List.of(503, 503, 503));
            drains.add(app, "http://127.0.0.1:" + target.port());
            write("lost");
            for (int i = 0; i < 3; i++) {
                assertThat(target.next().body()).contains("lost");
            }
            write("next");

            FakeTarget.Http.Post post = target.next();

            assertThat(post.header("Logplex-Msg-Count")).isEqualTo("2");
            assertThat(post.body())
                    .matches(
                            "(?s)\\d+ <172>1 .* host heroku logplex - Error L10 \\(output buffer"
                                    + " overflow\\): 1 messages dropped since"
                                    + " 2026-01-01T00:00:00\\+00:00\\.\n\\d+ <190>1 .* next\n");
        }
    }

    @Test
    void connectionThatTheTargetClosedInTheMeantimeCostsNothing() throws Exception {
        try (FakeTarget.Http target = new FakeTarget.Http(null)) {
            target.closesAfterAnswer = true;
            drains.add(app, "http://127.0.0.1:" + target.port());
            for (String text : List.of("one", "two", "three")) {
                write(text);
                assertThat(target.next().body()).contains(text);
            }
            assertThat(target.isQuiet()).isTrue();
        }
    }

    @Test
    void httpsTargetMustHaveATrustedCertificateOfItsName() throws Exception {
        SSLContext good = ServerTls.context(authority, "localhost");
        SSLContext wrongName = ServerTls.context(authority, "other.localhost");
        try (FakeTarget.Http target = new FakeTarget.Http(good);
                FakeTarget.Http other = new FakeTarget.Http(wrongName)) {
            drains.add(app, "https://localhost:" + target.port() + "/in");
            drains.add(app, "https://localhost:" + other.port() + "/secret?key=1");
            write("private");

            assertThat(target.next().body()).contains("private");
            soon(() ->
                    assertThat(complaints())
                            .contains(
                                    "Error L14 (certificate validation): error=\"bad certificate\""
                                            + " uri=\"https://localhost:"
                                            + other.port()
                                            + "/\""));
            assertThat(other.isQuiet()).isTrue();
        }
    }

    private List<String> complaints() {
        return logs.last(app, LogFilter.ALL, 100).stream()
                .map(LogHub.Entry::line)
                .filter(line -> line.process().equals("logplex"))
                .map(LogLine::text)
                .toList();
    }

    @Test
    void syslogTargetGetsCountedMessagesUnderTheToken() throws Exception {
        try (FakeTarget.Syslog target = new FakeTarget.Syslog(null)) {
            write("history");
            LogDrain drain = drains.add(app, "syslog://127.0.0.1:" + target.port());
            write("größer");
            logs.write(LogLine.of(app, TIME, LogSource.HEROKU, "router", "at=info"));

            soon(() ->
                    assertThat(target.messages())
                            .containsExactly(
                                    "<190>1 2026-01-01T00:00:00.500000+00:00 %s app web.1 - größer\n"
                                            .formatted(drain.token()),
                                    "<158>1 2026-01-01T00:00:00.500000+00:00 %s heroku router - at=info\n"
                                            .formatted(drain.token())));
        }
    }

    @Test
    void syslogGoesOnAfterTheTargetClosed() throws Exception {
        try (FakeTarget.Syslog target = new FakeTarget.Syslog(null)) {
            drains.add(app, "syslog://127.0.0.1:" + target.port());
            write("before");
            soon(() -> assertThat(target.text()).contains("before"));
            target.cut();
            soon(() -> {
                write("after");
                assertThat(target.connections).hasValueGreaterThan(1);
                assertThat(target.text()).contains("after");
            });
        }
    }

    @Test
    void syslogOverTlsIsCheckedUnlessTheUrlSaysOtherwise() throws Exception {
        SSLContext good = ServerTls.context(authority, "localhost");
        SSLContext wrongName = ServerTls.context(authority, "other.localhost");
        try (FakeTarget.Syslog target = new FakeTarget.Syslog(good);
                FakeTarget.Syslog refused = new FakeTarget.Syslog(wrongName);
                FakeTarget.Syslog taken = new FakeTarget.Syslog(wrongName)) {
            drains.add(app, "syslog+tls://localhost:" + target.port());
            drains.add(app, "syslog+tls://localhost:" + refused.port());
            drains.add(app, "syslog+tls://localhost:" + taken.port() + "?insecure");
            write("private");

            soon(() -> assertThat(target.text()).contains("private"));
            soon(() -> assertThat(taken.text()).contains("private"));
            soon(() -> assertThat(complaints()).anyMatch(text -> text.contains("Error L14")));
            assertThat(refused.text()).isEmpty();
        }
    }

    @Test
    void targetThatReadsNothingHoldsUpNobodyAndIsServedWhenItDoes() throws Exception {
        try (FakeTarget.Syslog stuck = new FakeTarget.Syslog(null);
                FakeTarget.Syslog other = new FakeTarget.Syslog(null)) {
            stuck.reads = false;
            drains.add(app, "syslog://127.0.0.1:" + stuck.port());
            AppId neighbour = newApp();
            drains.add(neighbour, "syslog://127.0.0.1:" + other.port());
            String big = "x".repeat(9000);
            for (int i = 0; i < 2000; i++) {
                write(i + " " + big);
            }
            write(neighbour, "undisturbed");
            soon(() -> assertThat(other.text()).contains("undisturbed"));

            stuck.reads = true;
            soon(() -> {
                write("last");
                assertThat(stuck.text().contains("- last\n")).isTrue();
            });
        }
    }

    @Test
    void removedDrainGetsNothingMore() throws Exception {
        try (FakeTarget.Http target = new FakeTarget.Http(null)) {
            LogDrain drain = drains.add(app, "http://127.0.0.1:" + target.port());
            write("before");
            assertThat(target.next().body()).contains("before");
            drains.remove(drain);
            write("after");
            awaitRead();

            assertThat(target.isQuiet()).isTrue();
            assertThat(drains.find(app, drain.token())).isEmpty();
        }
    }

    @Test
    void drainsGoOnAfterARestart() throws Exception {
        try (FakeTarget.Http target = new FakeTarget.Http(null)) {
            String url = "http://127.0.0.1:" + target.port() + "/in";
            LogDrain added = drains.add(app, url);
            drains.close();
            write("meanwhile");
            drains = drains();
            drains.start();
            write("again");

            FakeTarget.Http.Post post = target.next();
            assertThat(post.body()).contains("again").doesNotContain("meanwhile");
            assertThat(post.header("Logplex-Drain-Token")).isEqualTo(added.token());
            for (String key : List.of(url, added.token(), added.id().toString())) {
                assertThat(drains.find(app, key)).contains(added);
            }
            assertThat(drains.find(newApp(), url)).isEmpty();
        }
    }

    @Test
    void appHasAtMostFiveDrainsAndOneToEachUrl() {
        for (int i = 0; i < 5; i++) {
            drains.add(app, "http://127.0.0.1:9/" + i);
        }

        assertThatThrownBy(() -> drains.add(app, "http://127.0.0.1:9/0"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("already been taken");
        assertThatThrownBy(() -> drains.add(app, "http://127.0.0.1:9/5"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("at most 5");
        assertThat(drains.list(app)).hasSize(5);
        drains.add(newApp(), "http://127.0.0.1:9/0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "ftp://logs.test",
                "udp://logs.test:514",
                "https://",
                "syslog://logs.test:99999",
                "http://10.0.0.1/",
                "http://[::1]:80/",
                "http://169.254.169.254/latest",
                "syslog://192.168.1.1",
                "https://logs.test/#part",
                "http://logs.test/\r\nX: y"
            })
    void urlThatCannotBeDrainedToIsRefused(String url) {
        assertThatThrownBy(() -> drains.add(app, url)).isInstanceOf(UserError.class);
        assertThat(drains.list(app)).isEmpty();
    }

    @Test
    void thousandsOfLinesComeWholeAndInOrder() throws Exception {
        try (FakeTarget.Syslog target = new FakeTarget.Syslog(null)) {
            Drains roomy =
                    new Drains(
                            rows,
                            logs,
                            new DrainSocket.Parts(
                                    targets, timers, trusted(), AnyCertificate.sockets()),
                            DrainLimits.HEROKU,
                            clock);
            roomy.add(app, "syslog://127.0.0.1:" + target.port());
            int count = 5_000;
            for (int i = 0; i < count; i++) {
                write("line " + i + ".");
                if (i % 500 == 499) {
                    String newest = "line " + i + ".";
                    soon(() -> assertThat(target.text()).contains(newest));
                }
            }

            assertThat(target.messages()).hasSize(count).last().asString().endsWith("line 4999.\n");
            roomy.close();
        }
    }
}
