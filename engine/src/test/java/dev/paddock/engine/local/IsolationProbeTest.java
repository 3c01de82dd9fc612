package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.dyno.Attachment;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Mount;
import dev.paddock.dyno.Stdio;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Runs `probe.py` inside a dyno of each kind: whatever it tries to get out must fail, and who may talk to whom must
/// be as it should.
class IsolationProbeTest {
    /// Fewer would mean that the probe lost a part of itself.
    private static final int ATTEMPTS = 390;

    private static final int RESOURCE = 24;
    private static final long DISK = 64L << 20;
    private static final int ENOUGH_ANSWERS = 300;
    private static final int ANSWER_MILLIS = 3_000;
    private static final String OWN_PLACES = "/app:/dev:/dev/pts:/dev/shm:/proc:/tmp";

    private static Path withMount;
    private static Platform platform;
    private static Surroundings surroundings;
    private static DynoAddress other;
    private static String reach;
    private static int outside;
    private static int here;
    private static int loopback;

    enum Kind {
        WEB,
        SPARE,
        WORKER,
        RUN,
        TERMINAL,
        RELEASE,
        BUILD;

        private DynoKind kind() {
            return switch (this) {
                case WEB, SPARE, WORKER -> DynoKind.FORMATION;
                case RUN, TERMINAL -> DynoKind.ONE_OFF;
                case RELEASE -> DynoKind.RELEASE;
                case BUILD -> DynoKind.BUILD;
            };
        }

        private Stdio stdio() {
            return switch (this) {
                case RUN -> new Stdio.Pipes();
                case TERMINAL -> new Stdio.Terminal(24, 200);
                case WEB, SPARE, WORKER, RELEASE, BUILD -> new Stdio.Log();
            };
        }

        private String writable() {
            return switch (this) {
                case TERMINAL -> OWN_PLACES + ":/dev/console";
                case BUILD -> OWN_PLACES + ":/mnt/cache";
                case WEB, SPARE, WORKER, RUN, RELEASE -> OWN_PLACES;
            };
        }
    }

    @BeforeAll
    static void open() throws IOException {
        withMount = Files.createTempDirectory("paddock-mount-");
        Files.createDirectory(withMount.resolve("below"));
        mounted("mount", "-t", "tmpfs", "-o", "mode=1777,size=1m", "tmpfs");
        platform = new Platform(1);
        surroundings = new Surroundings(platform.hash);
        DynoSpec web =
                platform.startUp(platform.web("exec -a other-dyno python3 -m http.server $PORT"));
        other = platform.seen(web).address().orElseThrow();
        outside = surroundings.serveOutside(0);
        here = surroundings.serveHere("::");
        loopback = surroundings.serveHere("127.0.0.1");
        reach = reach();
    }

    private static void mounted(String... words) {
        List<String> all = new ArrayList<>(List.of(words));
        all.add(withMount.resolve("below").toString());
        Command.run(all, "");
    }

    /// The rules of the network as a dyno meets them; the ports of the platform are ports of this machine.
    private static String reach() {
        return """
        yes tcp %1$s %2$d outside
        yes udp %1$s %2$d outside over UDP
        no tcp %3$s %2$d metadata
        no udp %3$s %2$d metadata over UDP
        no tcp gateway %4$d this machine at the gateway
        no udp gateway %4$d this machine at the gateway over UDP
        no tcp gateway6 %4$d this machine at the gateway over IPv6
        no tcp %5$s %4$d this machine at another address
        no udp %5$s %4$d this machine at another address over UDP
        no tcp 127.0.0.1 %4$d this machine at 127.0.0.1
        no tcp ::1 %4$d this machine at ::1
        no tcp 127.0.0.1 %6$d loopback of this machine
        no tcp gateway %6$d loopback of this machine at the gateway
        no tcp %7$s %8$d a dyno of another app
        """
                .formatted(
                        surroundings.outside,
                        outside,
                        surroundings.metadata,
                        here,
                        surroundings.here,
                        loopback,
                        other.ip(),
                        other.port());
    }

    @AfterAll
    static void close() {
        if (surroundings != null) {
            surroundings.close();
        }
        if (platform != null) {
            platform.close();
        }
        mounted("umount", "-l");
        Directory.remove(withMount);
    }

    /// The empty places where builds had their mounts; they stay in the stack.
    @BeforeEach
    void emptyPlaces() {
        Path mnt = platform.runtime.resolve("stack/mnt");
        Directory.remove(mnt.resolve("cache"), mnt.resolve("source"));
    }

    @ParameterizedTest
    @EnumSource
    void everyAttemptToGetOutFails(Kind kind) throws IOException {
        assertSealed(probe(kind));
    }

    @ParameterizedTest
    @EnumSource
    void everyAttemptToGetOutFailsWithRuncToo(Kind kind) throws IOException {
        assumeTrue(Command.find("runc").isPresent(), "skipped: runc is not installed");
        platform.reopen(platform.hiding("crun"), Conmon.PATIENCE);
        try {
            assertSealed(probe(kind));
        } finally {
            platform.reopen();
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyAttemptToGetOutOfALimitedDiskFailsToo(Kind kind) throws IOException {
        platform.reopen(DISK, DISK);
        try {
            assumeTrue(
                    platform.engine.weaknesses().isEmpty(),
                    "skipped: no file system can be made and mounted here");
            assertSealed(probe(kind));
        } finally {
            platform.reopen(0, 0);
        }
    }

    private static void assertSealed(List<String> lines) {
        assertThat(lines)
                .as(platform::scene)
                .filteredOn(line -> line.startsWith("ESCAPED "))
                .isEmpty();
        long held = lines.stream().filter(line -> line.startsWith("held ")).count();
        assertThat(held).isGreaterThan(ATTEMPTS);
        assertThat(lines).contains(held + " attempts");
        assertThat(lines)
                .contains(
                        "held way to outside",
                        "held way to itself",
                        "held no way to metadata",
                        "outside sees " + surroundings.here);
    }

    private static List<String> probe(Kind kind) throws IOException {
        DynoSpec spec = spec(kind);
        if (kind == Kind.SPARE) {
            platform.engine.spares().keep(spec);
            platform.awaitSpare(spec);
        }
        platform.start(spec);
        assertThat(platform.files(spec).id().equals(spec.id())).isEqualTo(kind != Kind.SPARE);
        if (!kind.stdio().attached()) {
            platform.exit(spec);
            return platform.lines(spec);
        }
        try (Attachment attachment = platform.engine.attach(spec.id())) {
            return new String(attachment.output().readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
    }

    private static DynoSpec spec(Kind kind) throws IOException {
        boolean build = kind == Kind.BUILD;
        boolean web = kind == Kind.WEB || kind == Kind.SPARE;
        Path secret = Files.writeString(platform.data.resolve("secret"), "secret");
        Path cache = platform.data.resolve("cache");
        Files.createDirectories(cache);
        return new DynoSpec(
                DynoId.random(),
                AppId.random(),
                new DynoName(web ? ProcessType.WEB : new ProcessType("worker"), 1),
                kind.kind(),
                new ReleaseVersion(1),
                build ? DynoSize.BUILD : DynoSize.DEFAULT,
                "exec python3 -c \"$PROBE\"",
                Map.of(
                        "PROBE",
                        Surroundings.resource("probe.py"),
                        "KIND",
                        build ? "build" : "run",
                        "WRITABLE",
                        kind.writable(),
                        "HIDDEN",
                        secret + ":" + platform.runtime + ":" + platform.data,
                        "REACH",
                        reach,
                        "SCORE",
                        scoreIsKept() ? "kept" : "free"),
                Optional.empty(),
                "host",
                kind.stdio(),
                web,
                build ? List.of(new Mount(cache, "/mnt/cache", true)) : List.of());
    }

    /// Without CAP_SYS_RESOURCE, as in a container of another platform, root cannot keep a dyno from giving itself the
    /// platform's own score.
    private static boolean scoreIsKept() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("CapEff:"))
                .anyMatch(line -> (Long.parseLong(line.substring(8), 16) >> RESOURCE & 1) == 1);
    }

    @Test
    void routerReachesADynoAndNobodyOutsideDoes() throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(other.ip(), other.port()), 1_000);
        }

        assertThat(surroundings.reaches(surroundings.here, here)).isTrue();
        assertThat(surroundings.reaches(other.ip(), other.port())).isFalse();
    }

    @Test
    void whatDynosMayNotReachIsThereForThisMachine() throws IOException {
        for (InetSocketAddress service :
                List.of(
                        new InetSocketAddress(surroundings.metadata, outside),
                        new InetSocketAddress(surroundings.here, here),
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), loopback))) {
            try (Socket socket = new Socket()) {
                socket.connect(service, ANSWER_MILLIS);
            }
        }
    }

    @Test
    void nameServersMayBeAskedWhereverTheyAre() throws IOException {
        surroundings.serveOutside(53);
        String network = other.ip().replaceFirst("[0-9]+\\.[0-9]+$", "0.0/16");
        Firewall firewall =
                new Firewall(
                        platform.hash, DynoNetwork.linkPrefix(platform.hash), platform.runtime);

        firewall.raise(network, List.of(surroundings.metadata));

        try {
            String seen =
                    platform.run(
                            platform.bash(
                                    "for port in 53 %2$d; do timeout 1 bash -c 'exec 3<>/dev/tcp/%1$s/'$port && echo reached $port; done; true"
                                            .formatted(surroundings.metadata, outside)));
            assertThat(seen).isEqualTo("reached 53");
        } finally {
            firewall.raise(network, Resolvers.detect().servers());
        }
    }

    @Test
    void oneDynoCannotUseUpTheConnectionsOfAll() {
        String connect =
                "timeout 2 bash -c 'exec 3<>/dev/tcp/%s/%d' && echo reached; true"
                        .formatted(surroundings.outside, outside);

        String flooder =
                platform.run(
                        platform.configured(
                                platform.bash("python3 -c \"$FLOOD\"; " + connect),
                                Map.of("FLOOD", surroundings.flood())));

        assertThat(flooder).isEmpty();
        assertThat(platform.run(platform.bash(connect))).isEqualTo("reached");
    }

    @Test
    void whatIsMountedBelowAReadOnlyPlaceIsReadOnlyToo() {
        assertThat(
                        platform.run(
                                platform.build(
                                        "touch /mnt/source/x /mnt/source/below/x 2>/dev/null && echo written;"
                                                + " grep ' /mnt/source/below ' /proc/self/mounts | cut -d' ' -f4 | cut -d, -f1-3",
                                        new Mount(withMount, "/mnt/source", false))))
                .isEqualTo("ro,nosuid,nodev");
    }

    @Test
    void aNeighbourGoesOnAnsweringWhileADynoEatsMemoryAndForks() {
        DynoSpec glutton =
                platform.start(
                        platform.bash(
                                "f() { f | f & }; f 2>/dev/null; while true; do python3 -c 'x = bytearray(900 << 20)'; done"));
        int answers = 0;

        while (!platform.told(glutton, DynoEvent.Exited.class) && answers < ENOUGH_ANSWERS) {
            assertThat(status(other)).isEqualTo(200);
            answers++;
        }

        platform.engine.retire(glutton.id(), Duration.ZERO);
        assertThat(platform.exit(glutton).status()).isEqualTo(137);
        assertThat(answers).isPositive();
    }

    private static int status(DynoAddress dyno) {
        try {
            HttpURLConnection connection =
                    (HttpURLConnection)
                            URI.create("http://" + dyno.ip() + ":" + dyno.port() + "/")
                                    .toURL()
                                    .openConnection();
            connection.setConnectTimeout(ANSWER_MILLIS);
            connection.setReadTimeout(ANSWER_MILLIS);
            return connection.getResponseCode();
        } catch (IOException e) {
            return 0;
        }
    }
}
