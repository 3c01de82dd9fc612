package dev.paddock.build;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.apps.Apps;
import dev.paddock.build.Builder.BuildResult;
import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.ProcessType;
import dev.paddock.core.RealTimers;
import dev.paddock.core.Slug;
import dev.paddock.daemons.Command;
import dev.paddock.engine.local.LocalEngine;
import dev.paddock.engine.local.LocalSettings;
import dev.paddock.outbound.OutboundTargets;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Builds in containers of the local engine. Needs root and the engine's programs.
class BuildInDynoTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Path EXAMPLES = Path.of("../examples").toAbsolutePath().normalize();

    @TempDir private Path directory;

    private final String hash = "%012x".formatted(ThreadLocalRandom.current().nextLong(1L << 48));
    private final Path runtime = Path.of("/run/paddock", hash);
    private final List<String> output = Collections.synchronizedList(new ArrayList<>());
    private Optional<LocalEngine> engine = Optional.empty();
    private SlugStore slugs;
    private AppId app;
    private Builder builder;

    /// Enough for all examples.
    private static final long BUILD_DISK = 400L << 20;

    @BeforeEach
    void makeBuilder() {
        assumeThat(System.getProperty("user.name")).as("containers need root").isEqualTo("root");
        assumeThat(LocalEngine.missingPackages()).as("installed packages").isEmpty();
        Database database = TestDatabase.fresh();
        Account owner =
                new Accounts(database, InstantSource.system()).create("dev@example.com", "Dev");
        app =
                new Apps(database, InstantSource.system())
                        .create(owner, Optional.empty(), Optional.empty(), Optional.empty())
                        .id();
        LocalEngine local =
                new LocalEngine(
                        LocalSettings.of(
                                        runtime,
                                        directory.resolve("engine"),
                                        hash,
                                        new RealTimers())
                                .withBuildDiskBytes(BUILD_DISK));
        engine = Optional.of(local);
        slugs = new SlugStore(database, directory.resolve("slugs"));
        builder =
                new Builder(
                        local,
                        slugs,
                        new OutboundTargets(List.of()),
                        directory.resolve("work"),
                        directory.resolve("caches"));
        local.listen(builder::accept);
    }

    @AfterEach
    void leaveNothing() {
        engine.ifPresent(local -> {
            local.close();
            LocalEngine.purge(runtime, directory.resolve("engine"), hash);
        });
    }

    private BuildResult build(Path tree, Map<String, String> config)
            throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder("tar", "-c", "-C", tree.toString(), ".")
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        process.getOutputStream().close();
        InputStream tar = new ByteArrayInputStream(process.getInputStream().readAllBytes());
        return builder.build(
                new Builder.Source(
                        app,
                        "host",
                        new ConfigVars(config),
                        List.of(),
                        new Builder.Tree.Tar(tar),
                        "abc123",
                        "first"),
                output::add);
    }

    private Slug built(Path tree) throws Exception {
        BuildResult result = build(tree, Map.of("WORD", "seen"));
        assertThat(result)
                .as("output %s", String.join("\n", output))
                .isInstanceOf(BuildResult.Built.class);
        return ((BuildResult.Built) result).slug();
    }

    private Path tree(Map<String, String> files) throws IOException {
        Path tree = Files.createTempDirectory(directory, "tree");
        for (var file : files.entrySet()) {
            Files.write(tree.resolve(file.getKey()), file.getValue().getBytes(UTF_8));
        }
        return tree;
    }

    private String listing(Slug slug) {
        return Command.run(List.of("tar", "-tzf", slugs.ref(slug).file().toString()), LIMIT)
                .output();
    }

    private void nothingRuns() throws IOException {
        assertThat(engine.orElseThrow().list()).isEmpty();
        try (var left = Files.list(directory.resolve("work"))) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void theProcfileExampleBecomesASlug() throws Exception {
        long begun = System.nanoTime();

        Slug slug = built(EXAMPLES.resolve("python"));

        System.out.printf(
                "build of the Procfile example: %d ms%n",
                Duration.ofNanos(System.nanoTime() - begun).toMillis());
        assertThat(slug.processTypes())
                .containsEntry(ProcessType.WEB, "python3 -u app.py")
                .containsEntry(new ProcessType("worker"), "python3 -u worker.py");
        assertThat(listing(slug)).contains("./app.py");
        assertThat(output).contains("-----> Procfile app detected");
        nothingRuns();
    }

    @Test
    void theNodeExampleIsInstalledTwiceWithOneCache() throws Exception {
        assumeThat(Command.run(List.of("sh", "-c", "command -v node npm"), LIMIT).ok())
                .as("node and npm are installed")
                .isTrue();

        BuildResult first = build(EXAMPLES.resolve("node"), Map.of());
        assumeThat(String.join("\n", output))
                .as("the npm registry can be reached from a dyno")
                .doesNotContain("npm error network", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT");
        assertThat(first)
                .as("output %s", String.join("\n", output))
                .isInstanceOf(BuildResult.Built.class);

        Slug second = built(EXAMPLES.resolve("node"));

        assertThat(second.processTypes()).isEqualTo(Map.of(ProcessType.WEB, "npm start"));
        assertThat(listing(second)).contains("./node_modules/express/package.json");
        assertThat(output)
                .contains(
                        "       package-lock.json has not changed: reusing what the last build installed");
        nothingRuns();
    }

    @Test
    void theAptExampleGetsItsPackageAndTheLibrariesItNeeds() throws Exception {
        assumeInstalled("apt-get", "dpkg-deb");

        Slug slug = builtOrUnreachable("apt", "The lists of packages cannot be fetched");
        builtOrUnreachable("apt", "The lists of packages cannot be fetched");

        assertThat(slug.buildpackDescription()).isEqualTo("Apt, Procfile");
        assertThat(slug.processTypes()).containsEntry(ProcessType.WEB, "python3 -u app.py");
        assertThat(listing(slug))
                .contains("./.apt/usr/bin/toilet\n", "libcaca.so.0", "./.profile.d/000_apt.sh");
        assertThat(output).contains("-----> Reusing the packages of the last build");
        nothingRuns();
    }

    @Test
    void theJavaExampleIsBuiltByMavenTwiceWithOneCache() throws Exception {
        assumeInstalled("mvn");
        assumeThat(Files.exists(Path.of("/usr/lib/jvm/java-17-openjdk-amd64/bin/javac")))
                .as("a JDK 17 is installed")
                .isTrue();

        builtOrUnreachable("java", "Unknown host", "Connection refused", "timed out");
        Slug second = built(EXAMPLES.resolve("java"));

        assertThat(second.buildpackDescription()).isEqualTo("Java");
        assertThat(second.processTypes())
                .isEqualTo(
                        Map.of(
                                ProcessType.WEB,
                                "java -Dserver.port=$PORT $JAVA_OPTS -jar target/hello.jar"));
        assertThat(listing(second)).contains("./target/hello.jar", "./.profile.d/java.sh");
        assertThat(output).contains("       Reusing what the last build downloaded");
        nothingRuns();
    }

    @Test
    void theRubyExampleGetsItsGemsFromASourceOrFromTheStack() throws Exception {
        assumeInstalled("ruby", "bundle");
        assumeThat(Command.run(List.of("ruby", "-rsinatra/base", "-rpuma", "-e", ""), LIMIT).ok())
                .as("the gems are installed")
                .isTrue();

        Slug slug = built(EXAMPLES.resolve("ruby"));

        assertThat(slug.buildpackDescription()).isEqualTo("Ruby");
        assertThat(slug.processTypes())
                .containsEntry(ProcessType.WEB, "bundle exec puma -p $PORT")
                .containsKey(new ProcessType("console"));
        assertThat(listing(slug)).contains("./Gemfile.lock", "./.profile.d/ruby.sh");
        nothingRuns();
    }

    private static void assumeInstalled(String... programs) {
        for (String program : programs) {
            assumeThat(Command.run(List.of("sh", "-c", "command -v " + program), LIMIT).ok())
                    .as(program + " is installed")
                    .isTrue();
        }
    }

    /// Builds an example; skips the test when its packages are out of reach, as one of `signs` shows.
    private Slug builtOrUnreachable(String example, String... signs) throws Exception {
        BuildResult result = build(EXAMPLES.resolve(example), Map.of());
        String seen = String.join("\n", output);
        if (result instanceof BuildResult.Failed) {
            assumeThat(seen).as("packages can be reached from a dyno").doesNotContain(signs);
        }
        assertThat(result).as("output %s", seen).isInstanceOf(BuildResult.Built.class);
        return ((BuildResult.Built) result).slug();
    }

    @Test
    void configVarsAreFilesAndTheRestOfThePlatformIsOutOfReach() throws Exception {
        // The build script of a package is code of the tenant: it looks around as a hostile one
        // would.
        String script =
                "env | grep -c '^WORD=' ; id -u; cat /paddock/env/WORD; touch /paddock/env/x"
                        + " /paddock/buildpacks/build /paddock/source/source.tar; ls -ld"
                        + " /tmp/env_*; ls -l /tmp/env_*; ls "
                        + directory;
        Path tree =
                tree(
                        Map.of(
                                "package.json",
                                "{\"name\":\"probe\",\"version\":\"1.0.0\",\"scripts\":{\"build\":\"sh"
                                        + " probe.sh || true\",\"start\":\"node a.js\"}}",
                                "probe.sh",
                                script));

        built(tree);

        String seen = String.join("\n", output);
        assertThat(seen).contains("seen");
        assertThat(seen).contains("drwx------", "-rw-------");
        assertThat(seen).contains("Read-only file system");
        assertThat(seen).contains("cannot access '" + directory + "'");
        assertThat(seen).doesNotContain("\n       0\n       0\n");
    }

    @Test
    void aBuildThatEatsMemoryEndsWithAReason() throws Exception {
        Path tree =
                tree(
                        Map.of(
                                "package.json",
                                "{\"name\":\"eater\",\"version\":\"1.0.0\",\"scripts\":{\"build\":"
                                        + "\"node eat.js\"}}",
                                "eat.js",
                                "const a = []; for (;;) a.push(Buffer.alloc(64 << 20, 1));"));

        BuildResult result = build(tree, Map.of());

        assertThat(result).isInstanceOf(BuildResult.Failed.class);
        System.out.println("memory: " + result);
        assertThat(((BuildResult.Failed) result).reason()).contains("memory");
        nothingRuns();
    }

    @Test
    void aBuildThatFillsItsDiskEndsWithAReasonAndTheMachineKeepsItsRoom() throws Exception {
        assumeThat(engine.orElseThrow().weaknesses()).as("file systems in files").isEmpty();
        Path tree =
                tree(
                        Map.of(
                                "package.json",
                                "{\"name\":\"filler\",\"version\":\"1.0.0\",\"scripts\":{\"build\":"
                                        + "\"head -c 2G /dev/zero >filled\"}}"));
        long before = Files.getFileStore(directory).getUsableSpace();

        BuildResult result = build(tree, Map.of());

        assertThat(result)
                .isInstanceOfSatisfying(
                        BuildResult.Failed.class,
                        failed ->
                                assertThat(failed.reason())
                                        .contains(
                                                "needed more disk than the",
                                                "MB that a build may use"));
        assertThat(before - Files.getFileStore(directory).getUsableSpace())
                .isLessThan(2 * BUILD_DISK);
        nothingRuns();
    }
}
