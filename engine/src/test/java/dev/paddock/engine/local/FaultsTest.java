package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Exit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What happens to dynos when this machine fails them: a start fails and says why, nothing is left of it, and the next
/// one succeeds as soon as the fault is gone.
class FaultsTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    /// Short, for some tests wait until it is over; long enough for a real start on a busy machine.
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    /// Enough for a container to be made, and far less than the greedy dyno may have by its own limit.
    private static final long SPARE_MEMORY = 96L << 20;

    private Platform platform;

    /// Stands in for crun and is crun, but for the commands that a file beside it replaces.
    private Path crun;

    @BeforeEach
    void open() throws IOException {
        platform = new Platform();
        Path directory = Files.createDirectory(platform.data.resolve("programs"));
        crun =
                Files.writeString(
                        directory.resolve("crun"),
                        """
                        #!/bin/sh
                        for word; do
                            if [ "$before" = --log ]; then log=$word; fi
                            before=$word
                            if [ -e "%1$s.$word" ]; then . "%1$s.$word"; fi
                        done
                        exec %2$s "$@"
                        """
                                .formatted(
                                        directory.resolve("crun"),
                                        Command.find("crun").orElseThrow()));
        Command.run("chmod", "700", crun.toString());
        platform.reopen(directory + ":" + Command.PATH, PATIENCE);
    }

    @AfterEach
    void close() {
        if (platform != null) {
            platform.close();
        }
    }

    /// The dyno is let begin by the command, as with a crun that keeps no gate of its own: none is there any more when
    /// the container's pid is told.
    private List<Path> breaksStart(String script) throws IOException {
        String create =
                """
                previous=
                for word; do
                    shift
                    if [ "$previous" = --pid-file ]; then pid=$word; word=$word.early; fi
                    previous=$word
                    set -- "$@" "$word"
                done
                %s "$@" && rm %s/crun/*/exec.fifo && mv "$pid.early" "$pid"
                exit
                """
                        .formatted(Command.find("crun").orElseThrow(), platform.runtime);
        return List.of(breaks("start", script), breaks("create", create));
    }

    private Path breaks(String command, String script) throws IOException {
        return Files.writeString(crun.resolveSibling("crun." + command), script + "\n");
    }

    /// A program that runs for ever and can be told from all others.
    private String hang() {
        return "sleep " + Long.parseLong(platform.hash, 16);
    }

    @Test
    void crunThatFailsToCreateFailsTheStart() throws IOException {
        Path fault = breaks("create", "echo 'no room for it' >$log; exit 1");

        Exit exit = failedStart();

        assertThat(exit.detail()).contains("could not create").contains("no room for it");
        recovers(fault);
    }

    @Test
    void crunThatHangsWhileItCreatesIsGivenUpAndKilled() throws IOException {
        Path fault = breaks("create", hang());

        Exit exit = failedStart();

        assertThat(exit.detail()).contains("did not create the container within 3 s");
        recovers(fault);
    }

    @Test
    void crunThatFailsToStartFailsTheStart() throws IOException {
        List<Path> faults = breaksStart("echo 'not today' >&2; exit 1");

        Exit exit = failedStart();

        assertThat(exit.detail()).contains("could not start").contains("not today");
        recovers(faults);
    }

    @Test
    void crunThatHangsWhileItStartsIsGivenUpAndKilled() throws IOException {
        List<Path> faults = breaksStart(hang());

        Exit exit = failedStart();

        assertThat(exit.detail()).contains("could not start");
        recovers(faults);
    }

    @Test
    void hangingStartsDoNotHoldUpTheEndsOfOthers() throws IOException {
        DynoSpec lives = platform.startUp(platform.bash("sleep 1000"));
        Path fault = breaks("create", hang());
        List<DynoSpec> hanging = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            hanging.add(platform.start(platform.bash("sleep 1000")));
        }

        platform.engine.retire(lives.id(), LIMIT);

        assertThat(platform.exit(lives).status()).isEqualTo(143);
        assertThat(hanging)
                .allSatisfy(spec ->
                        assertThat(platform.exit(spec).cause())
                                .isEqualTo(Exit.Cause.LAUNCH_FAILED));
        recovers(fault);
    }

    @Test
    void retiredWhileCrunHangsEndsAsRetired() throws IOException {
        Path fault = breaks("create", hang());
        DynoSpec spec = platform.start(platform.bash("sleep 1000"));
        await().atMost(LIMIT).until(() -> runs(hang()));

        platform.engine.retire(spec.id(), LIMIT);

        assertThat(platform.exit(spec)).isEqualTo(Exit.of(143));
        platform.engine.forget(spec.id());
        recovers(fault);
    }

    /// As crun does when the container's first process dies after it was found alive.
    @Test
    void dynoThatIsKilledWhileCrunStartsItEndsAtOnceHoweverLongCrunMayTake() throws IOException {
        platform.reopen(crun.resolveSibling(".") + ":" + Command.PATH, Duration.ofMinutes(5));
        List<Path> faults = breaksStart(hang());
        DynoSpec spec = platform.start(platform.bash("sleep 1000"));
        await().atMost(LIMIT).until(() -> runs(hang()));

        platform.engine.retire(spec.id(), Duration.ZERO);

        assertThat(platform.exit(spec)).isEqualTo(Exit.of(143));
        platform.engine.forget(spec.id());
        assertThat(runs(hang())).isFalse();
        recovers(faults);
    }

    @Test
    void platformKilledWhileCrunHangsStartsTheDynoAgain() throws IOException {
        Path fault = breaks("create", hang());
        DynoSpec spec = platform.start(platform.bash("sleep 1000"));
        await().atMost(LIMIT).until(() -> runs(hang()));
        Files.delete(fault);

        platform.reopen();

        await().atMost(LIMIT).until(() -> platform.seen(spec).up());
        assertThat(runs(hang())).isFalse();
    }

    @Test
    void crunThatHangsWhileItDeletesLeavesTheRecordUntilItWorks() throws IOException {
        DynoSpec spec = platform.startUp(platform.bash("sleep 1000"));
        Path fault = breaks("delete", hang());
        platform.engine.retire(spec.id(), Duration.ZERO);
        platform.exit(spec);

        platform.engine.forget(spec.id());

        assertThat(runs(hang())).isFalse();
        recovers(fault);
    }

    @Test
    void fullNetworkFailsTheStartUntilADynoIsForgotten() throws IOException {
        platform.engine.close();
        List<DynoSpec> ended = new ArrayList<>();
        for (int slot = 0; slot < Registry.SLOTS; slot++) {
            ended.add(record(slot));
        }
        platform.reopen();

        Exit exit = platform.exit(platform.start(platform.bash("sleep 1000")));

        assertThat(exit.cause()).isEqualTo(Exit.Cause.LAUNCH_FAILED);
        assertThat(exit.detail()).contains("512 network slots").contains("in use");
        platform.engine.forget(ended.getLast().id());
        platform.startUp(platform.bash("sleep 1000"));
    }

    private DynoSpec record(int slot) {
        DynoSpec spec = platform.bash("true");
        platform.files(spec).create();
        Json.write(platform.files(spec).spec(), SpecJson.json(spec));
        Json.write(
                platform.files(spec).life(),
                Life.fresh(platform.timers.bootId())
                        .withPlace(new Life.Place(Registry.FIRST_USER, slot, 5_000))
                        .withExit(Exit.of(1), platform.timers.now())
                        .json());
        return spec;
    }

    @Test
    void namespaceThatCannotBeMadeFailsOneStartOnly() throws IOException {
        platform.engine.standDown();
        Path obstacle = Path.of("/run/netns/paddock-" + platform.hash + "-0");
        Files.createDirectories(obstacle.resolve("in the way"));
        try {
            platform.reopen();

            Exit exit = platform.exit(platform.start(platform.bash("sleep 1000")));

            assertThat(exit.cause()).isEqualTo(Exit.Cause.LAUNCH_FAILED);
            assertThat(exit.detail()).contains("no network namespace can be made");
            platform.startUp(platform.bash("sleep 1000"));
        } finally {
            Directory.remove(obstacle);
        }
    }

    @Test
    void machineWithoutFreeProcessesFailsNewDynosAndKeepsTheOthers() throws IOException {
        DynoSpec lives = platform.startUp(platform.web("exec python3 -m http.server $PORT"));
        Path limit = allDynos("pids", "pids.max");
        int used = platform.cgroup(lives.id().toString()).processes().size();
        Files.writeString(limit, Integer.toString(used));

        DynoSpec starved = platform.start(platform.bash("sleep 1000"));

        assertThat(platform.exit(starved).status()).isNotZero();
        assertThat(String.join("\n", platform.lines(starved))).contains("temporarily unavailable");
        assertThat(platform.seen(lives).up()).isTrue();
        platform.engine.forget(starved.id());
        Files.writeString(limit, "max");
        platform.startUp(platform.bash("sleep 1000"));
    }

    @Test
    void machineWithoutFreeMemoryEndsTheDynoThatWantsItAndKeepsTheOthers() throws IOException {
        DynoSpec lives = platform.startUp(platform.web("exec python3 -m http.server $PORT"));
        Path limit = allDynos("memory", memoryLimit());
        long used = platform.cgroup(lives.id().toString()).memoryBytes();
        Files.writeString(limit, Long.toString(used + SPARE_MEMORY));

        DynoSpec greedy =
                platform.start(platform.bash("exec python3 -c 'bytearray(1 << 28); input()'"));

        assertThat(platform.exit(greedy).cause()).isEqualTo(Exit.Cause.OUT_OF_MEMORY);
        assertThat(platform.seen(lives).up()).isTrue();
        platform.engine.forget(greedy.id());
        Files.writeString(limit, Long.toString(1L << 40));
        platform.startUp(platform.bash("sleep 1000"));
        assertThat(platform.seen(lives).exit()).isEmpty();
    }

    private static String memoryLimit() {
        return Cgroup.Hierarchies.detect().v2() ? "memory.max" : "memory.limit_in_bytes";
    }

    /// A limit of all dynos of this platform together, in place of the machine's own.
    private Path allDynos(String controller, String file) {
        Cgroup all = new Cgroup(Cgroup.Hierarchies.detect(), "/paddock-" + platform.hash);
        return all.file(controller, file);
    }

    private Exit failedStart() {
        DynoSpec spec = platform.start(platform.bash("sleep 1000"));
        Exit exit = platform.exit(spec);
        assertThat(exit.cause()).isEqualTo(Exit.Cause.LAUNCH_FAILED);
        platform.engine.forget(spec.id());
        assertThat(platform.engine.list()).noneMatch(dyno -> dyno.spec().id().equals(spec.id()));
        assertThat(platform.files(spec).bundle()).doesNotExist();
        assertThat(platform.files(spec).disk()).doesNotExist();
        assertThat(platform.cgroup(spec.id().toString()).exists()).isFalse();
        return exit;
    }

    private void recovers(Path fault) throws IOException {
        recovers(List.of(fault));
    }

    private void recovers(List<Path> faults) throws IOException {
        await().atMost(LIMIT).until(() -> !runs(hang()));
        for (Path fault : faults) {
            Files.delete(fault);
        }
        platform.startUp(platform.bash("sleep 1000"));
    }

    private static boolean runs(String words) {
        return Command.run("ps", "-e", "-o", "args").output().lines().anyMatch(words::equals);
    }
}
