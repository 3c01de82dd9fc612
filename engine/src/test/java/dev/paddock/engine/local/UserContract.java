package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.dyno.Attachment;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoUsage;
import dev.paddock.dyno.Exit;
import dev.paddock.dyno.SlugRef;
import dev.paddock.dyno.Stdio;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The contract, and what else holds for dynos of an engine without root, in any way in which it runs them.
/// [UnprivilegedTest] runs it as an ordinary user.
abstract class UserContract extends LocalContract {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    /// A new engine, as after a crash of the first.
    protected abstract void reopen() throws IOException;

    @Test
    void outputAndStatusAreKept() {
        DynoSpec spec =
                platform()
                        .start(platform().bash("echo out; echo err >&2; printf 'no end'; exit 3"));

        assertThat(platform().exit(spec)).isEqualTo(Exit.of(3));
        assertThat(platform().lines(spec)).containsExactlyInAnyOrder("out", "err", "no end");
    }

    @Test
    void dynosAreAdoptedAndEndsThatNoEngineSawAreKnown() throws IOException {
        DynoSpec lives = platform().startUp(platform().bash("sleep 1000"));
        DynoSpec ends = platform().startUp(platform().bash("sleep 1; echo late; exit 4"));
        platform().engine.close();
        await(() -> Files.exists(platform().files(ends).exit()));

        reopen();

        assertThat(platform().seen(lives).up()).isTrue();
        assertThat(platform().seen(ends).exit()).contains(Exit.of(4));
        assertThat(platform().lines(ends)).containsExactly("late");
        platform().engine.retire(lives.id(), LIMIT);
        assertThat(platform().exit(lives)).isEqualTo(Exit.of(143));
    }

    @Test
    void filesThatHoldConfigVarsAreForThisUserAlone() throws IOException {
        DynoSpec spec = platform().startUp(platform().bash("sleep 1000"));

        List<Path> holding;
        try (Stream<Path> files = Files.list(platform().files(spec).bundle())) {
            holding =
                    files.filter(Files::isRegularFile)
                            .filter(file -> text(file).contains("GREETING"))
                            .toList();
        }
        assertThat(holding)
                .hasSizeGreaterThan(1)
                .allSatisfy(file ->
                        assertThat(Files.getPosixFilePermissions(file)).as("%s", file).hasSize(2));
        platform().engine.retire(spec.id(), Duration.ZERO);
        platform().exit(spec);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void everyProcessOfADynoGetsSigterm() {
        DynoSpec spec =
                platform()
                        .start(
                                platform()
                                        .bash(
                                                """
                                                (trap 'echo child; exit 0' TERM; while :; do sleep 0.05; done) &
                                                trap 'wait; echo parent; exit 0' TERM
                                                while :; do sleep 0.05; done
                                                """));
        await(() -> platform().told(spec, DynoEvent.Up.class));
        await(() -> group(spec).processes().size() > 3);

        platform().engine.retire(spec.id(), LIMIT);

        assertThat(platform().exit(spec)).isEqualTo(Exit.of(0));
        assertThat(platform().lines(spec)).contains("child", "parent");
    }

    @Test
    void nothingOfADynoOutlivesIt() {
        DynoSpec spec =
                platform()
                        .startUp(
                                platform()
                                        .bash("(setsid sleep 1000 &) & trap '' TERM; sleep 1000"));
        await(() -> group(spec).processes().size() > 3);
        List<Long> before = group(spec).processes();

        platform().engine.retire(spec.id(), Duration.ZERO);

        platform().exit(spec);
        await(() ->
                before.stream()
                        .allMatch(pid ->
                                ProcessIdentity.of(pid).filter(ProcessIdentity::alive).isEmpty()));
    }

    @Test
    void deathOfTheKeeperEndsTheDyno() {
        DynoSpec spec = platform().startUp(platform().bash("sleep 1000"));

        Signals.send(platform().life(spec).processes().orElseThrow().conmon(), Signals.KILL);

        assertThat(platform().exit(spec).status()).isEqualTo(137);
        await(() -> group(spec).processes().isEmpty());
    }

    private DynoUsage usage(DynoSpec spec) {
        return platform().engine.usage(spec.id()).orElseThrow();
    }

    private ProcessGroup group(DynoSpec spec) {
        return platform().engine.group(spec.id());
    }

    @Test
    void twiceTheMemoryIsTheEnd() {
        DynoSpec spec =
                platform()
                        .start(
                                platform()
                                        .bash(
                                                "exec python3 -c 'import time; x = bytearray(1100 << 20); time.sleep(100)'"));

        Exit exit = platform().exit(spec);

        assertThat(exit.cause()).isEqualTo(Exit.Cause.OUT_OF_MEMORY);
    }

    @Test
    void moreThanTheMemoryIsReportedAndCounted() {
        DynoSpec spec =
                platform()
                        .startUp(
                                platform()
                                        .bash(
                                                "exec python3 -c 'import time; x = bytearray(600 << 20); time.sleep(100)'"));

        await(() -> platform().told(spec, DynoEvent.OverQuota.class));

        // Told while it still grows.
        await(() -> usage(spec).memory().totalBytes() >= 600L << 20);
        DynoUsage usage = usage(spec);
        assertThat(usage.memory().totalBytes()).isLessThan(700L << 20);
        assertThat(usage.cpu()).isPositive();
        assertThat(platform().seen(spec).exit()).isEmpty();
        platform().engine.retire(spec.id(), Duration.ZERO);
        platform().exit(spec);
    }

    @Test
    void whatADynoWritesIntoASlugIsItsOwn() throws IOException {
        SlugRef slug = platform().slug(Map.of("file", "original"));
        AppId app = AppId.random();
        String command = "cat file; echo changed >file; mkdir -p closed/in; chmod 500 closed";

        for (int start = 0; start < 2; start++) {
            DynoSpec spec = platform().slugged(platform().bash(command), app, slug);
            assertThat(platform().run(spec)).isEqualTo("original");
            platform().engine.forget(spec.id());
            assertThat(platform().files(spec).disk()).doesNotExist();
        }
    }

    @Test
    void terminalHasItsSize() throws IOException {
        DynoSpec spec =
                platform()
                        .start(
                                platform()
                                        .attached(
                                                "stty size; read x; echo got $x; exit 7",
                                                new Stdio.Terminal(33, 111)));

        try (Attachment attachment = platform().engine.attach(spec.id())) {
            attachment.input().write("hello\n".getBytes(StandardCharsets.UTF_8));
            assertThat(new String(attachment.output().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("33 111")
                    .contains("got hello");
        }
        assertThat(platform().exit(spec)).isEqualTo(Exit.of(7));
    }

    @Test
    void pipesEndWithTheInput() throws IOException {
        DynoSpec spec = platform().start(platform().attached("cat; echo done", new Stdio.Pipes()));

        try (Attachment attachment = platform().engine.attach(spec.id())) {
            attachment.input().write("one\ntwo\n".getBytes(StandardCharsets.UTF_8));
            attachment.input().close();
            assertThat(attachment.output().readAllBytes()).asString().isEqualTo("one\ntwo\ndone\n");
        }
        assertThat(platform().exit(spec)).isEqualTo(Exit.of(0));
    }

    @Test
    void secretsAreInNoCommandLine() throws IOException {
        DynoSpec spec =
                platform()
                        .startUp(
                                platform()
                                        .configured(
                                                platform().bash("exec sleep 1000"),
                                                Map.of("SECRET", "hidden-value")));

        for (long pid : group(spec).processes()) {
            assertThat(
                            Files.readString(
                                    Path.of("/proc/" + pid + "/cmdline"),
                                    StandardCharsets.ISO_8859_1))
                    .doesNotContain("hidden-value");
        }
        platform().engine.retire(spec.id(), Duration.ZERO);
        platform().exit(spec);
    }

    @Test
    void dynosHavePortsOfTheirOwn() {
        String server = "exec python3 -m http.server $PORT";
        DynoSpec one =
                platform()
                        .startUp(
                                platform()
                                        .configured(
                                                platform().web(server), Map.of("PORT", "8000")));
        DynoSpec other =
                platform()
                        .startUp(
                                platform()
                                        .configured(
                                                platform().web(server), Map.of("PORT", "8000")));

        assertThat(platform().seen(one).address()).isNotEqualTo(platform().seen(other).address());
        platform().engine.retire(one.id(), Duration.ZERO);
        platform().engine.retire(other.id(), Duration.ZERO);
        platform().exit(one);
        platform().exit(other);
    }
}
