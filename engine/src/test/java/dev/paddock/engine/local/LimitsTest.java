package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Exit;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LimitsTest {
    private static final DynoSize SMALL = new DynoSize("Small", 32L << 20, 20, 1024, 0);

    private static Platform platform;

    @BeforeAll
    static void open() throws IOException {
        platform = new Platform();
    }

    @AfterAll
    static void close() {
        if (platform != null) {
            platform.close();
        }
    }

    @Test
    void memoryFarOverQuotaEndsTheDyno() {
        DynoSpec spec =
                platform.start(
                        platform.sized(
                                platform.bash(
                                        "python3 -c 'x = bytearray(200 << 20); print(len(x))'"),
                                SMALL));

        assertThat(platform.exit(spec)).isEqualTo(new Exit(137, Exit.Cause.OUT_OF_MEMORY, ""));
        assertThat(platform.lines(spec)).noneMatch(line -> line.equals("209715200"));
    }

    @Test
    void memoryOfAChildEndsTheWholeDyno() {
        DynoSpec spec =
                platform.start(
                        platform.sized(
                                platform.bash(
                                        "sleep 1000 & python3 -c 'x = bytearray(200 << 20)'; sleep 1000"),
                                SMALL));

        assertThat(platform.exit(spec).cause()).isEqualTo(Exit.Cause.OUT_OF_MEMORY);
    }

    @Test
    void memoryOverQuotaIsReportedAndTheDynoLives() {
        DynoSpec spec =
                platform.startUp(
                        platform.sized(
                                platform.bash(
                                        "exec python3 -c 'import time; x = bytearray(40 << 20); time.sleep(1000)'"),
                                SMALL));

        await().atMost(Duration.ofSeconds(10))
                .until(() -> platform.told(spec, DynoEvent.OverQuota.class));

        assertThat(platform.seen(spec).exit()).isEmpty();
        assertThat(platform.events)
                .filteredOn(event ->
                        event.id().equals(spec.id()) && event instanceof DynoEvent.OverQuota)
                .singleElement()
                .isInstanceOfSatisfying(
                        DynoEvent.OverQuota.class,
                        over -> {
                            assertThat(over.quotaBytes()).isEqualTo(SMALL.memoryBytes());
                            assertThat(over.usedBytes()).isBetween(40L << 20, 64L << 20);
                        });
    }

    @Test
    void forkingHurtsNobodyElse() {
        DynoSpec web = platform.startUp(platform.web("exec python3 -m http.server $PORT"));
        DynoSpec bomb =
                platform.startUp(
                        platform.sized(platform.bash("f() { f | f & }; f; sleep 1000"), SMALL));
        DynoAddress address = platform.seen(web).address().orElseThrow();

        await().atMost(Duration.ofSeconds(20))
                .until(() -> platform.engine.list().size() >= 2 && accepts(address));

        assertThat(
                        new Cgroup(
                                        Cgroup.Hierarchies.detect(),
                                        "/paddock-" + platform.hash + "/" + bomb.id())
                                .processes()
                                .size())
                .isLessThanOrEqualTo(SMALL.processes());
        platform.engine.retire(bomb.id(), Duration.ZERO);
        // 254 is bash's own: in the moment of the kill it may see that it cannot fork, before its
        // turn comes.
        assertThat(platform.exit(bomb).status()).isIn(137, 254);
    }

    private static boolean accepts(DynoAddress address) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address.ip(), address.port()), 500);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void temporaryFilesInMemoryHaveALimit() {
        assertThat(
                        platform.run(
                                platform.bash(
                                        "head -c 200M /dev/zero >/tmp/big 2>/dev/null; stat -c %s /tmp/big;"
                                                + " head -c 100M /dev/zero >/dev/shm/big 2>/dev/null; stat -c %s /dev/shm/big; ulimit -n; ulimit -c")))
                .isEqualTo("134217728\n67108864\n10000\n0");
    }

    @Test
    void hostTellsWhatIsNotReserved() {
        long free = platform.engine.hosts().getFirst().memoryFreeBytes();
        DynoSpec spec = platform.startUp(platform.bash("sleep 1000"));

        assertThat(platform.engine.hosts().getFirst().memoryFreeBytes())
                .isEqualTo(free - spec.size().memoryBytes());
        platform.engine.retire(spec.id(), Duration.ZERO);
        platform.exit(spec);
    }
}
