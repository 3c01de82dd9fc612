package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.paddock.core.AppId;
import dev.paddock.core.Tick;
import dev.paddock.dyno.Attachment;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoOutput;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Exit;
import dev.paddock.dyno.Mount;
import dev.paddock.dyno.SlugRef;
import dev.paddock.dyno.Stdio;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LocalEngineTest {
    private static final int SIGSTOP = 19;
    private static final Duration GRACE = Duration.ofSeconds(20);

    private Platform platform;

    @BeforeEach
    void open() throws IOException {
        platform = new Platform();
    }

    @AfterEach
    void close() {
        if (platform != null) {
            platform.close();
        }
    }

    @Test
    void profileScriptsRunBeforeTheCommandAndAllDynosShareTheSlug() throws IOException {
        SlugRef slug =
                platform.slug(
                        Map.of(
                                ".profile.d/one.sh",
                                        "export ONE=$GREETING; export PATH=/app/bin:$PATH",
                                ".profile", "export TWO=$ONE,again",
                                "bin/tool", "echo tool",
                                "run", "rm run; echo mine >new; ls"));
        AppId app = AppId.random();

        assertThat(
                        platform.run(
                                platform.slugged(
                                        platform.bash("echo $TWO $PATH && sh run"), app, slug)))
                .isEqualTo("hello,again /app/bin:/usr/local/bin:/usr/bin:/bin\nbin\nnew");
        assertThat(platform.run(platform.slugged(platform.bash("ls; pwd; echo $HOME"), app, slug)))
                .isEqualTo("bin\nrun\n/app\n/app");
    }

    @Test
    void slugPackedAsForHerokuIsTheAppWithoutItsFolder() throws IOException {
        Path tree = Files.createTempDirectory(platform.data, "tree");
        Files.createDirectories(tree.resolve("app/bin"));
        Files.writeString(tree.resolve("app/run"), "run");

        assertThat(files(platform.slug(tree, "./app"))).isEqualTo("bin\nrun");
        assertThat(files(platform.slug(tree, "app"))).isEqualTo("bin\nrun");
        assertThat(files(platform.slug(tree))).isEqualTo("app");
    }

    private String files(SlugRef slug) {
        return platform.run(platform.slugged(platform.bash("ls"), AppId.random(), slug));
    }

    @Test
    void slugWithOtherBytesIsRefused() throws IOException {
        SlugRef slug = platform.slug(Map.of("a", "b"));
        SlugRef wrong = new SlugRef(slug.id(), slug.file(), "0".repeat(64));

        Exit exit =
                platform.exit(
                        platform.start(
                                platform.slugged(platform.bash("ls"), AppId.random(), wrong)));

        assertThat(exit.cause()).isEqualTo(Exit.Cause.CHECKSUM);
        assertThat(exit.detail()).contains("SHA256:" + slug.sha256());
    }

    @Test
    void slugThatIsNoArchiveFailsToLaunchAndLeavesNothing() throws IOException {
        Path file = Files.writeString(platform.data.resolve("bad.tgz"), "no archive");
        String digest = Command.run("sha256sum", file.toString()).output().substring(0, 64);
        AppId app = AppId.random();

        Exit exit =
                platform.exit(
                        platform.start(
                                platform.slugged(
                                        platform.bash("ls"),
                                        app,
                                        new SlugRef(UUID.randomUUID(), file, digest))));

        assertThat(exit.cause()).isEqualTo(Exit.Cause.LAUNCH_FAILED);
        assertThat(exit.detail()).contains("cannot be unpacked");
        assertThat(Directory.names(platform.data.resolve("slugs").resolve(app.toString())))
                .isEmpty();
    }

    @Test
    void usedSlugIsKeptAndUnusedOneDiscarded() throws IOException {
        SlugRef slug = platform.slug(Map.of("a", "b"));
        AppId app = AppId.random();
        Path unpacked =
                platform.data
                        .resolve("slugs")
                        .resolve(app.toString())
                        .resolve(slug.id().toString());
        DynoSpec spec = platform.startUp(platform.slugged(platform.bash("sleep 1000"), app, slug));

        platform.engine.discard(app, slug.id());
        assertThat(unpacked).isDirectory();

        platform.engine.retire(spec.id(), Duration.ZERO);
        platform.exit(spec);
        platform.engine.discard(app, slug.id());
        assertThat(unpacked).doesNotExist();
        platform.engine.discard(app);
    }

    @Test
    void stoppingReachesTheProgramBehindAShellAndWaitsForIt() {
        DynoSpec spec =
                platform.startUp(
                        platform.bash(
                                "cd /tmp && python3 -u -c '"
                                        + "import signal, sys, time\n"
                                        + "def end(*_):\n  time.sleep(0.5); print(\"clean\"); sys.exit(0)\n"
                                        + "signal.signal(signal.SIGTERM, end); print(\"ready\")\ntime.sleep(1000)'"));
        awaitLine(spec, "ready");

        platform.engine.retire(spec.id(), GRACE);

        assertThat(platform.exit(spec)).isEqualTo(Exit.of(0));
        assertThat(platform.lines(spec)).containsExactly("ready", "clean");
    }

    private void awaitLine(DynoSpec spec, String text) {
        try (DynoOutput output = platform.engine.output(spec.id(), 0)) {
            await().atMost(GRACE)
                    .until(() ->
                            output.read(Duration.ofSeconds(1)).stream()
                                    .anyMatch(line -> line.text().equals(text)));
        }
    }

    @Test
    void killedFromOutsideIsSeen() {
        DynoSpec spec = platform.startUp(platform.bash("sleep 1000"));
        Life.Processes processes = platform.life(spec).processes().orElseThrow();

        Signals.send(processes.init(), Signals.KILL);

        assertThat(platform.exit(spec)).isEqualTo(Exit.of(137));
    }

    @Test
    void deathOfConmonEndsTheDyno() {
        DynoSpec spec = platform.startUp(platform.bash("sleep 1000"));
        Life.Processes processes = platform.life(spec).processes().orElseThrow();

        Signals.send(processes.conmon(), Signals.KILL);

        assertThat(platform.exit(spec)).isEqualTo(Exit.of(137));
        await().atMost(GRACE).until(() -> !processes.init().alive());
    }

    @Test
    void dynoThatDiesUnderAConmonThatHangsHasEnded() {
        DynoSpec spec = platform.startUp(platform.bash("sleep 1000"));
        Life.Processes processes = platform.life(spec).processes().orElseThrow();
        Signals.send(processes.conmon(), SIGSTOP);

        Signals.send(processes.init(), Signals.KILL);

        assertThat(platform.exit(spec)).isEqualTo(Exit.of(137));
        await().atMost(GRACE).until(() -> !processes.conmon().alive());
    }

    @Test
    void forgettingTakesAwayWhatConmonHadHalfWritten() throws IOException {
        DynoSpec spec = platform.startUp(platform.bash("sleep 1000"));
        Path exits = platform.runtime.resolve(DynoFiles.EXITS);
        Files.createFile(exits.resolve(spec.id() + ".X1Y2Z3"));
        platform.engine.retire(spec.id(), Duration.ZERO);
        platform.exit(spec);

        platform.engine.forget(spec.id());

        assertThat(exits).isEmptyDirectory();
    }

    @Test
    void nextEngineAdoptsWhatRunsAndWhatEndedMeanwhile() {
        DynoSpec web =
                platform.startUp(platform.web("echo one; exec python3 -m http.server $PORT"));
        DynoSpec ends =
                platform.startUp(
                        platform.bash(
                                "until [ -e /tmp/x ]; do sleep 0.05; done; echo two; exit 5"));
        DynoSpec retiring =
                platform.startUp(
                        platform.bash("trap '' TERM; echo deaf; while true; do sleep 1; done"));
        try (DynoOutput output = platform.engine.output(retiring.id(), 0)) {
            assertThat(output.read(GRACE)).isNotEmpty();
        }
        var address = platform.seen(web).address();
        long cursor;
        try (DynoOutput output = platform.engine.output(web.id(), 0)) {
            cursor = output.read(GRACE).getLast().cursor();
        }
        platform.engine.retire(retiring.id(), Duration.ofSeconds(2));
        platform.engine.close();
        Command.run(
                "nsenter",
                "-m",
                "-p",
                "-t",
                Long.toString(platform.life(ends).processes().orElseThrow().init().pid()),
                "touch",
                "/tmp/x");
        await().until(() ->
                Files.exists(platform.runtime.resolve("exits").resolve(ends.id().toString())));

        platform.reopen();

        assertThat(platform.seen(web).up()).isTrue();
        assertThat(platform.seen(web).address()).isEqualTo(address);
        assertThat(platform.seen(web).spec()).isEqualTo(web);
        assertThat(platform.seen(ends).exit()).contains(Exit.of(5));
        assertThat(platform.lines(ends)).containsExactly("two");
        assertThat(platform.exit(retiring)).isEqualTo(new Exit(137, Exit.Cause.GRACE_EXPIRED, ""));
        try (DynoOutput output = platform.engine.output(web.id(), cursor)) {
            assertThat(output.read(Duration.ZERO)).noneMatch(line -> line.text().equals("one"));
        }
        platform.engine.retire(web.id(), GRACE);
        assertThat(platform.exit(web).status()).isEqualTo(143);
        platform.engine.forget(ends.id());
        assertThat(platform.engine.list()).noneMatch(dyno -> dyno.spec().id().equals(ends.id()));
    }

    @Test
    void endIsDatedByTheBootClockHoweverLateItIsFound() throws IOException {
        DynoSpec spec = platform.startUp(platform.bash("sleep 1000"));
        DynoFiles files = platform.files(spec);
        Tick begun = platform.seen(spec).begun().orElseThrow();
        platform.engine.close();
        Signals.send(platform.life(spec).processes().orElseThrow().init(), Signals.KILL);
        await().until(() -> Files.isRegularFile(files.uptimeAtEnd()));
        await().until(() -> Files.size(files.uptimeAtEnd()) > 0);
        Tick known = platform.timers.now();
        FileTime stepped = FileTime.from(platform.timers.date().plus(Duration.ofHours(1)));
        Files.setLastModifiedTime(files.exit(), stepped);

        platform.reopen();

        Tick ended = platform.seen(spec).ended().orElseThrow();
        assertThat(ended).isBetween(begun, known);
        assertThat(platform.seen(spec).exit()).get().extracting(Exit::status).isEqualTo(137);
    }

    @Test
    void endIsFoundInTheAgeOfTheExitStatusWhereTheUptimeIsMissing() throws IOException {
        DynoSpec spec = platform.startUp(platform.bash("sleep 1000"));
        DynoFiles files = platform.files(spec);
        platform.engine.close();
        Signals.send(platform.life(spec).processes().orElseThrow().init(), Signals.KILL);
        await().until(() -> Files.isRegularFile(files.uptimeAtEnd()));
        Files.writeString(files.uptimeAtEnd(), "");
        Tick known = platform.timers.now();

        platform.reopen();

        assertThat(platform.seen(spec).ended().orElseThrow()).isLessThanOrEqualTo(known);
    }

    @Test
    void longLinesAreJoinedAndBytesUnchanged() {
        DynoSpec spec =
                platform.start(
                        platform.bash(
                                "python3 -c 'print(\"x\" * 30000)'; printf 'a\\tb\\xff\\n' >&2; echo; printf end"));
        platform.exit(spec);

        List<String> lines = platform.lines(spec);

        assertThat(lines).filteredOn(line -> line.length() == 30000).hasSize(1);
        assertThat(lines).contains("a\tb\u00ff", "", "end").hasSize(4);
    }

    @Test
    void outputIsReadThroughRotationsWithoutLoss() {
        int count = 400_000;
        DynoSpec spec =
                platform.start(
                        platform.bash(
                                "for i in 1 2 3 4; do seq " + count / 4 + "; sleep 0.4; done"));
        List<String> lines = new ArrayList<>();
        long lost = 0;

        try (DynoOutput output = platform.engine.output(spec.id(), 0)) {
            while (!output.ended()) {
                output.read(GRACE).forEach(line -> lines.add(line.text()));
                lost += output.lost();
            }
        }

        assertThat(lost).isZero();
        assertThat(lines).hasSize(count).last().isEqualTo(Integer.toString(count / 4));
    }

    @Test
    void terminalHasItsSizeAndDeliversEverything() throws IOException {
        DynoSpec spec = platform.start(platform.attached("bash", new Stdio.Terminal(33, 101)));

        String seen = typed(spec, "stty size; exit 7\n");

        assertThat(seen).contains("33 101");
        assertThat(platform.exit(spec)).isEqualTo(Exit.of(7));
        assertThat(platform.lines(spec)).isEmpty();
    }

    @Test
    void pipesEndWithTheInput() throws IOException {
        DynoSpec spec =
                platform.start(
                        platform.attached("wc -c; echo problem >&2; exit 4", new Stdio.Pipes()));

        String seen;
        try (Attachment attachment = platform.engine.attach(spec.id())) {
            attachment.input().write(new byte[1_000_000]);
            attachment.input().close();
            seen = new String(attachment.output().readAllBytes(), StandardCharsets.UTF_8);
        }

        assertThat(seen).contains("1000000\n", "problem\n");
        assertThat(platform.exit(spec)).isEqualTo(Exit.of(4));
        assertThatThrownBy(() -> platform.engine.attach(spec.id()))
                .isInstanceOf(IllegalStateException.class);
    }

    private String typed(DynoSpec spec, String text) throws IOException {
        try (Attachment attachment = platform.engine.attach(spec.id())) {
            attachment.input().write(text.getBytes(StandardCharsets.UTF_8));
            return new String(attachment.output().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void attachedDynoWaitsForItsClientAndCanBeRetiredBefore() {
        DynoSpec spec = platform.start(platform.attached("echo hi", new Stdio.Pipes()));
        await().atMost(GRACE).until(() -> platform.told(spec, DynoEvent.Placed.class));
        assertThat(platform.seen(spec).begun()).isEmpty();

        platform.engine.retire(spec.id(), GRACE);

        assertThat(platform.exit(spec)).isEqualTo(Exit.of(143));
    }

    @Test
    void hangUpReachesTheTerminalsProgram() throws IOException {
        DynoSpec spec = platform.start(platform.attached("sleep 1000", new Stdio.Terminal(24, 80)));
        try (Attachment attachment = platform.engine.attach(spec.id())) {
            platform.engine.hangUp(spec.id());

            assertThat(platform.exit(spec)).isEqualTo(Exit.of(129));
            assertThat(attachment.output().read()).isEqualTo(-1);
        }
    }

    @Test
    void buildDynoWritesToItsMountsAndDisk() throws IOException {
        Path cache = Files.createDirectory(platform.data.resolve("cache"));
        Path source = Files.createDirectory(platform.data.resolve("source"));
        Files.writeString(source.resolve("given"), "given");
        DynoSpec spec =
                platform.build(
                        "cat /mnt/source/given; touch /mnt/source/x 2>/dev/null || echo read-only;"
                                + " echo kept >/mnt/cache/file; head -c 200M /dev/zero >/tmp/big; stat -c %s /tmp/big; getent hosts registry.npmjs.org >&2",
                        new Mount(source, "/mnt/source", false),
                        new Mount(cache, "/mnt/cache", true));

        assertThat(platform.run(spec)).startsWith("givenread-only\n209715200");
        assertThat(cache.resolve("file")).hasContent("kept");
    }

    @Test
    void startThatWasCutOffIsDoneAgain() throws IOException {
        DynoSpec spec = platform.web("exec python3 -m http.server $PORT");
        LocalSettings settings =
                LocalSettings.of(platform.runtime, platform.data, platform.hash, platform.timers);
        DynoFiles files = DynoFiles.of(settings, spec.id());
        files.create();
        Json.write(files.spec(), SpecJson.json(spec));
        Json.write(
                files.life(),
                Life.fresh(platform.timers.bootId()).withPlace(new Life.Place(1, 0, 5000)).json());
        Files.writeString(files.pid(), "999999999");
        Files.writeString(files.conmonPid(), "999999999");

        platform.reopen();

        await().atMost(GRACE).until(() -> platform.seen(spec).up());
    }

    @Test
    void dynoOfAnEarlierBootHasEnded() {
        DynoSpec spec = platform.startUp(platform.bash("sleep 1000"));
        DynoFiles files =
                DynoFiles.of(
                        LocalSettings.of(
                                platform.runtime, platform.data, platform.hash, platform.timers),
                        spec.id());
        Life life = platform.life(spec);
        Life earlier =
                new Life(
                        "another boot",
                        life.place(),
                        life.processes(),
                        life.begun(),
                        life.up(),
                        life.killAt(),
                        life.expired(),
                        life.ended(),
                        life.exit());
        platform.engine.close();
        Json.write(files.life(), earlier.json());

        platform.reopen();

        assertThat(platform.seen(spec).exit()).get().extracting(Exit::status).isEqualTo(137);
        assertThat(platform.seen(spec).up()).isFalse();
        platform.engine.forget(spec.id());
        assertThat(life.processes().orElseThrow().init().alive()).isFalse();
    }

    @Test
    void fullDiskFailsTheStartAndLeavesNothing() throws IOException {
        platform.run(platform.bash("true"));
        SlugRef slug = platform.slug(Map.of("large", "x".repeat(3_000_000)));
        Path slugs = Files.createDirectories(platform.data.resolve("slugs"));
        Command.run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", slugs.toString());
        platform.reopen();
        try {
            DynoSpec spec = platform.slugged(platform.bash("ls"), AppId.random(), slug);

            Exit exit = platform.exit(platform.start(spec));

            assertThat(exit.cause()).isEqualTo(Exit.Cause.LAUNCH_FAILED);
            assertThat(exit.detail()).contains("is full");
            assertThat(Directory.names(slugs.resolve(spec.app().toString()))).isEmpty();
            assertThat(Directory.names(platform.runtime.resolve("unpack"))).containsExactly("crun");
        } finally {
            Command.run("umount", slugs.toString());
        }
    }
}
