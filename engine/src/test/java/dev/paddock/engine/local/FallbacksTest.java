package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import dev.paddock.dyno.Attachment;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Exit;
import dev.paddock.dyno.Mount;
import dev.paddock.dyno.SlugRef;
import dev.paddock.dyno.Stdio;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What becomes of dynos where programs are missing: the engine does not see those that a test hides.
class FallbacksTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final long DISK = 64L << 20;

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

    private void hide(String... programs) throws IOException {
        platform.reopen(platform.hiding(programs), Conmon.PATIENCE);
    }

    @Test
    void completeMachineHasNoWeakness() {
        assertThat(platform.engine.weaknesses()).isEmpty();
    }

    @Test
    void withoutCrunDynosRunWithRuncAndTheStartSaysSo() throws IOException {
        assumeTrue(Command.find("runc").isPresent(), "skipped: runc is not installed");
        hide("crun");

        assertThat(platform.engine.weaknesses())
                .singleElement()
                .asString()
                .contains("runc makes their containers")
                .contains("apt-get install crun");
        DynoSpec spec = platform.startUp(platform.bash("sleep 1000"));
        assertThat(Directory.names(platform.runtime.resolve("runc")))
                .containsExactly(spec.id().toString());
        assertThat(
                        platform.run(
                                platform.slugged(
                                        platform.bash("cat file"),
                                        AppId.random(),
                                        platform.slug(Map.of("file", "unpacked")))))
                .isEqualTo("unpacked");
    }

    /// As in a container of Docker.
    @Test
    void onAnOverlayEachDynoHasACopyOfItsSlugAndTheStartSaysSo() throws IOException {
        Path below = Files.createTempDirectory("paddock-below-");
        String mount =
                "mount -t tmpfs tmpfs {B} && mkdir {B}/lower {B}/upper {B}/work"
                        + " && mount -t overlay overlay -o lowerdir={B}/lower,upperdir={B}/upper,workdir={B}/work '{D}'";
        assertThat(shell(mount, below)).isTrue();
        try {
            platform.reopen();

            assertThat(platform.engine.weaknesses())
                    .singleElement()
                    .asString()
                    .contains("copy of its slug", platform.data.toString());
            SlugRef slug = platform.slug(Map.of("file", "slug\n"));
            AppId app = AppId.random();
            String script = "cat file; echo changed >file; stat -c %U:%a file";
            for (int i = 0; i < 2; i++) {
                DynoSpec spec = platform.slugged(platform.bash(script), app, slug);
                assertThat(platform.run(spec)).isEqualTo("slug\ndyno:644");
                platform.engine.forget(spec.id());
            }
            // A disk of its own can hold layers.
            platform.reopen(DISK, 0);
            assertThat(platform.run(platform.slugged(platform.bash(script), app, slug)))
                    .isEqualTo("slug\ndyno:644");
            assertThat(Directory.names(platform.data)).doesNotContain("layers");
        } finally {
            shell("umount -l '{D}'; umount -l {B}; rmdir {B}", below);
        }
    }

    private boolean shell(String script, Path below) {
        return Command.run(
                        "sh",
                        "-c",
                        script.replace("{B}", below.toString())
                                .replace("{D}", platform.data.toString()))
                .ok();
    }

    @Test
    void dynoOfCrunIsAdoptedAndRemovedByAnEngineWithRunc() throws IOException {
        assumeTrue(Command.find("runc").isPresent(), "skipped: runc is not installed");
        DynoSpec spec = platform.startUp(platform.bash("sleep 1000"));

        hide("crun");

        assertThat(platform.seen(spec).up()).isTrue();
        platform.engine.retire(spec.id(), Duration.ofSeconds(20));
        assertThat(platform.exit(spec)).isEqualTo(Exit.of(143));
        platform.engine.forget(spec.id());
        assertThat(Directory.names(platform.runtime.resolve("crun"))).isEmpty();
        assertThat(platform.cgroup(spec.id().toString()).exists()).isFalse();
    }

    @Test
    void memoryLimitHoldsWithRunc() throws IOException {
        assumeTrue(Command.find("runc").isPresent(), "skipped: runc is not installed");
        hide("crun");

        Exit exit =
                platform.exit(
                        platform.start(
                                platform.bash("exec python3 -c 'x = bytearray(1500 << 20)'")));

        assertThat(exit.cause()).isEqualTo(Exit.Cause.OUT_OF_MEMORY);
    }

    @Test
    void buildDynoHasItsMountsWithRuncWhereverTheyBelong() throws IOException {
        assumeTrue(Command.find("runc").isPresent(), "skipped: runc is not installed");
        hide("crun");
        Path tools = Files.createDirectory(platform.data.resolve("tools"));
        Path file = Files.writeString(tools.resolve("file"), "content");
        Path cache = Files.createDirectory(platform.data.resolve("cache"));

        String seen =
                platform.run(
                        platform.build(
                                "cat /paddock/tools/file /paddock/one; echo written >/mnt/deep/cache/new",
                                new Mount(tools, "/paddock/tools", false),
                                new Mount(file, "/paddock/one", false),
                                new Mount(cache, "/mnt/deep/cache", true)));

        assertThat(seen).isEqualTo("contentcontent");
        assertThat(cache.resolve("new")).hasContent("written");
    }

    @Test
    void nothingOfRuncIsLeftBehind() throws IOException {
        assumeTrue(Command.find("runc").isPresent(), "skipped: runc is not installed");
        hide("crun");
        platform.startUp(platform.bash("sleep 1000"));

        platform.close();

        String name = "paddock-" + platform.hash;
        assertThat(
                        Command.run(
                                        "sh",
                                        "-c",
                                        "ls -d /sys/fs/cgroup/"
                                                + name
                                                + " /sys/fs/cgroup/*/"
                                                + name)
                                .ok())
                .isFalse();
        assertThat(Files.exists(platform.runtime)).isFalse();
        open();
    }

    @Test
    void withoutConmonAShellKeepsOutputAndEndAndTheStartSaysSo() throws IOException {
        hide("conmon");

        assertThat(platform.engine.weaknesses())
                .singleElement()
                .asString()
                .contains("conmon is missing")
                .contains("apt-get install conmon");
        DynoSpec spec =
                platform.start(platform.bash("echo out; echo err >&2; printf 'no end'; exit 3"));
        assertThat(platform.exit(spec)).isEqualTo(Exit.of(3));
        assertThat(platform.lines(spec)).containsExactlyInAnyOrder("out", "err", "no end");
    }

    @Test
    void shellNotesEndsThatNoEngineSees() throws IOException {
        hide("conmon");
        DynoSpec lives = platform.startUp(platform.bash("sleep 1000"));
        DynoSpec ends =
                platform.startUp(
                        platform.bash(
                                "echo before; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo after; exit 4"));
        platform.engine.close();
        Path root = Path.of("/proc/" + inside(ends) + "/root/tmp/go");
        Files.createFile(root);
        await().atMost(LIMIT).until(() -> Files.exists(platform.files(ends).exit()));

        hide("conmon");

        assertThat(platform.seen(lives).up()).isTrue();
        assertThat(platform.seen(ends).exit()).contains(Exit.of(4));
        assertThat(platform.lines(ends)).containsExactly("before", "after");
    }

    @Test
    void dynoOfAShellIsKeptByItWhenConmonIsInstalled() throws IOException {
        hide("conmon");
        DynoSpec spec =
                platform.startUp(
                        platform.bash(
                                "trap 'echo bye; exit 5' TERM; while :; do sleep 0.05; done"));

        platform.reopen();

        assertThat(platform.seen(spec).up()).isTrue();
        platform.engine.retire(spec.id(), LIMIT);
        assertThat(platform.exit(spec)).isEqualTo(Exit.of(5));
        assertThat(platform.lines(spec)).contains("bye");
        platform.engine.forget(spec.id());
        assertThat(platform.cgroup(spec.id().toString()).exists()).isFalse();
        assertThat(platform.files(spec).bundle()).doesNotExist();
    }

    private long inside(DynoSpec spec) {
        return platform.cgroup(spec.id().toString()).processes().getFirst();
    }

    @Test
    void deathOfTheShellEndsTheDyno() throws IOException {
        hide("conmon");
        DynoSpec spec = platform.startUp(platform.bash("sleep 1000"));

        Signals.send(platform.life(spec).processes().orElseThrow().conmon(), Signals.KILL);

        assertThat(platform.exit(spec).status()).isEqualTo(137);
        assertThat(platform.cgroup(spec.id().toString()).processes()).isEmpty();
    }

    @Test
    void logOfAShellIsReadThroughRotationsAndBounded() throws IOException {
        hide("conmon");

        DynoSpec spec =
                platform.start(
                        platform.bash(
                                "for i in $(seq 30); do head -c 999999 /dev/zero | tr '\\0' x; echo; done"));
        platform.exit(spec);

        assertThat(Files.size(platform.files(spec).log())).isLessThanOrEqualTo(Conmon.LOG_BYTES);
        assertThat(platform.lines(spec)).last().asString().endsWith("xxx");
    }

    @Test
    void pipesEndWithTheInputThroughAShell() throws IOException {
        hide("conmon");
        DynoSpec spec = platform.start(platform.attached("cat; echo done", new Stdio.Pipes()));

        try (Attachment attachment = platform.engine.attach(spec.id())) {
            attachment.input().write("one\ntwo\n".getBytes(StandardCharsets.UTF_8));
            attachment.input().close();
            assertThat(attachment.output().readAllBytes()).asString().isEqualTo("one\ntwo\ndone\n");
        }
        assertThat(platform.exit(spec)).isEqualTo(Exit.of(0));
    }

    @Test
    void terminalHasItsSizeThroughAShell() throws IOException {
        hide("conmon");
        DynoSpec spec =
                platform.start(
                        platform.attached(
                                "stty size; read x; echo got $x; exit 7",
                                new Stdio.Terminal(33, 111)));

        try (Attachment attachment = platform.engine.attach(spec.id())) {
            attachment.input().write("hello\n".getBytes(StandardCharsets.UTF_8));
            assertThat(new String(attachment.output().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("33 111")
                    .contains("got hello");
        }
        assertThat(platform.exit(spec)).isEqualTo(Exit.of(7));
    }

    @Test
    void dynoThatWaitsBehindItsGateCanBeRetired() throws IOException {
        hide("conmon");
        DynoSpec spec = platform.start(platform.attached("cat", new Stdio.Pipes()));
        await().atMost(LIMIT).until(() -> platform.life(spec).processes().isPresent());

        platform.engine.retire(spec.id(), LIMIT);

        assertThat(platform.exit(spec)).isEqualTo(Exit.of(143));
        platform.engine.forget(spec.id());
        assertThat(platform.files(spec).bundle()).doesNotExist();
    }

    @Test
    void memoryLimitHoldsWithRuncAndAShell() throws IOException {
        assumeTrue(Command.find("runc").isPresent(), "skipped: runc is not installed");
        hide("crun", "conmon");

        Exit exit =
                platform.exit(
                        platform.start(
                                platform.bash("exec python3 -c 'x = bytearray(1500 << 20)'")));

        assertThat(exit.cause()).isEqualTo(Exit.Cause.OUT_OF_MEMORY);
    }

    @Test
    void withoutAnyRuntimeTheEngineSaysWhatIsMissing() throws IOException {
        LocalSettings settings =
                LocalSettings.of(platform.runtime, platform.data, platform.hash, platform.timers);
        LocalMachine machine = LocalMachine.read(platform.hiding("crun", "runc", "tini"), Map.of());
        Path runtime = platform.runtime.resolve("untouched");

        assertThatThrownBy(() ->
                        new LocalEngine(
                                new LocalSettings(
                                        runtime,
                                        settings.data(),
                                        settings.hash(),
                                        settings.timers(),
                                        0,
                                        0,
                                        0,
                                        Map.of()),
                                machine,
                                Conmon.PATIENCE))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("apt-get install crun")
                .hasMessageContaining("apt-get install tini");
        assertThat(runtime).doesNotExist();
        assertThat(machine.missingPackages()).containsExactly("crun", "tini");
    }
}
