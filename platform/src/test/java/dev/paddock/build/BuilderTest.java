package dev.paddock.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.apps.Apps;
import dev.paddock.build.Builder.BuildResult;
import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Slug;
import dev.paddock.daemons.Command;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Exit;
import dev.paddock.outbound.AddressBlock;
import dev.paddock.outbound.OutboundTargets;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuilderTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Path EXAMPLES = Path.of("../examples").toAbsolutePath().normalize();

    @TempDir private Path directory;

    private final List<String> output = Collections.synchronizedList(new ArrayList<>());
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private ProcessEngine engine;
    private SlugStore slugs;
    private AppId app;
    private SourceTree tree;
    private Builder builder;

    @BeforeEach
    void makeBuilder() throws IOException {
        Database database = TestDatabase.fresh();
        Accounts accounts = new Accounts(database, InstantSource.system());
        Account owner = accounts.create("dev@example.com", "Dev");
        Apps apps = new Apps(database, InstantSource.system());
        app = apps.create(owner, Optional.empty(), Optional.empty(), Optional.empty()).id();
        engine = new ProcessEngine(Files.createDirectory(directory.resolve("roots")));
        slugs = new SlugStore(database, directory.resolve("slugs"));
        tree = new SourceTree(directory.resolve("tree"));
        builder = builder(BuildLimits.DEFAULT);
    }

    private Builder builder(BuildLimits limits) {
        Builder made =
                new Builder(
                        engine,
                        slugs,
                        new OutboundTargets(List.of(AddressBlock.parse("127.0.0.0/8"))),
                        InstantSource.system(),
                        directory.resolve("work"),
                        directory.resolve("caches"),
                        limits);
        engine.listen(made::accept);
        return made;
    }

    private static BuildLimits limits(Duration time, long sourceBytes, long slugBytes) {
        BuildLimits usual = BuildLimits.DEFAULT;
        return new BuildLimits(
                time,
                usual.concurrent(),
                sourceBytes,
                usual.buildpackBytes(),
                slugBytes,
                usual.cacheBytes(),
                usual.diskReserveBytes());
    }

    @AfterEach
    void endEverything() {
        engine.close();
        threads.shutdownNow();
    }

    private BuildResult build() throws IOException, InterruptedException {
        return build(tree.tar());
    }

    private BuildResult build(InputStream tar) throws InterruptedException {
        return builder.build(source(tar, Map.of()), output::add);
    }

    private Builder.Source source(InputStream tar, Map<String, String> config) {
        return source(new Builder.Tree.Tar(tar), config, List.of());
    }

    private Builder.Source source(
            Builder.Tree tree, Map<String, String> config, List<Buildpack> buildpacks) {
        return new Builder.Source(
                app, "host", new ConfigVars(config), buildpacks, tree, "abc123", "first");
    }

    private Slug built() throws IOException, InterruptedException {
        BuildResult result = build();
        assertThat(result).as("output %s", output).isInstanceOf(BuildResult.Built.class);
        return ((BuildResult.Built) result).slug();
    }

    private String failed() throws IOException, InterruptedException {
        BuildResult result = build();
        assertThat(result).isInstanceOf(BuildResult.Failed.class);
        return ((BuildResult.Failed) result).reason();
    }

    private String inSlug(Slug slug, String file) {
        return Command.run(
                        List.of("tar", "-xzOf", slugs.ref(slug).file().toString(), "./" + file),
                        LIMIT)
                .output();
    }

    private List<String> filesIn(Slug slug) {
        return Command.run(List.of("tar", "-tzf", slugs.ref(slug).file().toString()), LIMIT)
                .output()
                .lines()
                .toList();
    }

    private void nothingIsLeft() throws IOException {
        assertThat(engine.list()).isEmpty();
        assertThat(files(directory.resolve("work"))).isEmpty();
        if (Files.exists(directory.resolve("slugs"))) {
            try (Stream<Path> left = Files.walk(directory.resolve("slugs"))) {
                assertThat(left.filter(Files::isRegularFile)).isEmpty();
            }
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    @Test
    void aProcfileAloneBecomesASlug() throws Exception {
        tree.with("Procfile", "worker: sleep 1\nweb: ./start\n").with("start", "#!/bin/sh\n");

        Slug slug = built();

        assertThat(output)
                .containsExactly(
                        "-----> Building on the Paddock stack",
                        "-----> Procfile app detected",
                        "       Nothing to compile",
                        "-----> Compressing...",
                        "-----> Discovering process types",
                        "       Procfile declares types -> web, worker",
                        "       Done: 1K");
        assertThat(slug.processTypes())
                .isEqualTo(
                        Map.of(ProcessType.WEB, "./start", new ProcessType("worker"), "sleep 1"));
        assertThat(slug.buildpackDescription()).isEqualTo("Procfile");
        assertThat(slug.commit()).contains("abc123");
        assertThat(slugs.find(slug.id())).map(Slug::processTypes).contains(slug.processTypes());
        assertThat(filesIn(slug)).containsExactly("./", "./Procfile", "./start");
        String sum =
                Command.run(List.of("sha256sum", slugs.ref(slug).file().toString()), LIMIT)
                        .output();
        assertThat(sum).startsWith(slug.sha256());
        assertThat(Files.size(slugs.ref(slug).file())).isEqualTo(slug.bytes());
        assertThat(
                        PosixFilePermissions.toString(
                                Files.getPosixFilePermissions(slugs.ref(slug).file())))
                .isEqualTo("rw-------");
        assertThat(engine.list()).isEmpty();
        assertThat(files(directory.resolve("work"))).isEmpty();
    }

    @Test
    void theBuildDynoIsOfItsOwnKindAndSeesNoConfigVarInItsEnvironment() throws Exception {
        tree.with("Procfile", "web: a\n");

        builder.build(source(tree.tar(), Map.of("SECRET", "s3cr3t")), output::add);

        DynoSpec spec = engine.started().getFirst();
        assertThat(spec.kind()).isEqualTo(DynoKind.BUILD);
        assertThat(spec.size()).isEqualTo(DynoSize.BUILD);
        assertThat(spec.name().toString()).matches("build\\.\\d{4}");
        assertThat(spec.environment().keySet())
                .containsExactlyInAnyOrder("STACK", "SOURCE_VERSION", "REQUEST_ID");
        assertThat(spec.command()).doesNotContain("s3cr3t");
    }

    @Test
    void theSameTreePacksToTheSameBytes() throws Exception {
        tree.with("Procfile", "web: a\n").with("b/c", "d");
        byte[] tar = tree.tar().readAllBytes();

        Slug first = ((BuildResult.Built) build(new java.io.ByteArrayInputStream(tar))).slug();
        Slug second = ((BuildResult.Built) build(new java.io.ByteArrayInputStream(tar))).slug();

        assertThat(second.sha256()).isEqualTo(first.sha256());
    }

    @Test
    void slugignoreAndGitFoldersStayOut() throws Exception {
        tree.with("Procfile", "web: a\n")
                .with(".slugignore", "*.psd\n!keep.psd\n# comment\n/docs/\n")
                .with("art/a.psd", "x")
                .with("keep.psd", "x")
                .with("docs/d", "x")
                .with("sub/docs/d", "x")
                .with("vendor/lib/.git/config", "x")
                .with(".git/config", "x");

        assertThat(filesIn(built()))
                .filteredOn(name -> !name.endsWith("/"))
                .containsExactly("./.slugignore", "./Procfile", "./sub/docs/d");
        assertThat(output).contains("-----> Deleting 3 files matching .slugignore patterns");
    }

    @Test
    void aTreeWithNothingToRunIsRefusedWithAHint() throws Exception {
        tree.with("README", "hello");

        assertThat(failed()).isEqualTo("no buildpack fits this app");
        assertThat(output)
                .contains(" !     No default language could be detected for this app.")
                .anyMatch(line -> line.contains("Procfile") && line.startsWith("       "));
        nothingIsLeft();
    }

    @Test
    void aProcfileThatDoesNotParseFailsTheBuild() throws Exception {
        tree.with("Procfile", "web: a\njust words\n");

        assertThat(failed())
                .isEqualTo(
                        "Procfile does not parse: line 2: expected \"type: command\", found \"just"
                                + " words\"");
        nothingIsLeft();
    }

    @Test
    void aBrokenTarIsRefused() throws Exception {
        BuildResult result = build(new java.io.ByteArrayInputStream(new byte[] {1, 2, 3}));

        assertThat(result).isEqualTo(new BuildResult.Failed("the source could not be unpacked"));
    }

    @Test
    void aSourceOverTheLimitIsRefusedBeforeItIsBuilt() throws Exception {
        builder = builder(limits(LIMIT, 5_000, 1_000_000));
        tree.with("Procfile", "web: a\n");

        assertThat(failed()).contains("the source is over 0 MB");
        assertThat(engine.started()).isEmpty();
        nothingIsLeft();
    }

    @Test
    void aSlugOverTheLimitIsRefused() throws Exception {
        builder = builder(limits(LIMIT, 1_000_000, 100));
        tree.with("Procfile", "web: a\n");

        assertThat(failed()).contains("the slug is over the limit of 0 MB");
        nothingIsLeft();
    }

    @Test
    void aBuildThatTakesTooLongIsStopped() throws Exception {
        builder = builder(limits(Duration.ofMillis(300), 1_000_000, 1_000_000));
        engine.runs("echo begun; sleep 100");
        tree.with("Procfile", "web: a\n");

        assertThat(failed()).isEqualTo("the build took longer than 300 ms and was stopped");
        assertThat(output).contains("begun");
        nothingIsLeft();
    }

    @Test
    void aBuildThatNeedsTooMuchMemorySaysSo() throws Exception {
        engine.runs("kill -9 $$")
                .describes(status -> new Exit(status, Exit.Cause.OUT_OF_MEMORY, ""));
        tree.with("Procfile", "web: a\n");

        assertThat(failed())
                .isEqualTo(
                        "the build needed more memory than the 2048 MB of a build dyno and was"
                                + " stopped");
        nothingIsLeft();
    }

    @Test
    void aDynoThatCannotBeStartedSaysWhy() throws Exception {
        engine.runs("exit 1")
                .describes(_ -> new Exit(1, Exit.Cause.LAUNCH_FAILED, "crun is missing"));
        tree.with("Procfile", "web: a\n");

        assertThat(failed()).isEqualTo("the build dyno could not be started: crun is missing");
        nothingIsLeft();
    }

    @Test
    void aDynoLostWithItsHostFailsTheBuild() throws Exception {
        engine.runs("sleep 100");
        tree.with("Procfile", "web: a\n");
        Future<String> reason = threads.submit(this::failed);
        await().until(() -> !engine.list().isEmpty());

        engine.lose(engine.started().getFirst().id());

        assertThat(reason.get()).contains("lost with its host");
        nothingIsLeft();
    }

    @Test
    void anEndIsSeenWhenItsEventIsLost() throws Exception {
        engine.listen(_ -> {});
        tree.with("Procfile", "web: a\n");

        assertThat(built().bytes()).isPositive();
    }

    @Test
    void linesArriveWhileTheBuildRuns() throws Exception {
        engine.runs("echo early; until [ -e $ROOT/go ]; do sleep 0.05; done; exit 3");
        tree.with("Procfile", "web: a\n");
        Future<String> reason = threads.submit(this::failed);

        await().until(() -> output.contains("early"));
        assertThat(reason.isDone()).isFalse();
        Files.createFile(directory.resolve("roots/" + engine.started().getFirst().id() + "/go"));

        assertThat(reason.get()).isEqualTo("the build ended with status 3");
    }

    @Test
    void interruptingTheBuildStopsItsDyno() throws Exception {
        engine.runs("sleep 100");
        tree.with("Procfile", "web: a\n");
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                build();
                            } catch (IOException | InterruptedException e) {
                                thrown.set(e);
                            }
                        });
        await().until(() -> !engine.list().isEmpty());

        thread.interrupt();

        assertThat(thread.join(LIMIT)).isTrue();
        assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
        nothingIsLeft();
    }

    @Test
    void aReaderThatFailsStopsTheDyno() throws Exception {
        engine.runs("echo hello; sleep 100");
        tree.with("Procfile", "web: a\n");
        InputStream tar = tree.tar();

        assertThatThrownBy(() ->
                        builder.build(
                                source(tar, Map.of()),
                                line -> {
                                    if (line.equals("hello")) {
                                        throw new IllegalStateException("gone");
                                    }
                                }))
                .hasMessage("gone");
        nothingIsLeft();
    }

    @Test
    void theThirdBuildAtOnceWaitsAndSaysSo() throws Exception {
        engine.runs("until [ -e $ROOT/../go ]; do sleep 0.05; done; exit 3");
        tree.with("Procfile", "web: a\n");
        Callable<String> building = this::failed;
        List<Future<String>> builds = new ArrayList<>();
        builds.add(threads.submit(building));
        builds.add(threads.submit(building));
        await().until(() -> engine.list().size() == 2);

        builds.add(threads.submit(building));

        await().until(() -> output.contains("-----> Waiting for another build to finish"));
        assertThat(engine.list()).hasSize(2);
        Files.createFile(directory.resolve("roots/go"));
        for (Future<String> build : builds) {
            assertThat(build.get()).isEqualTo("the build ended with status 3");
        }
        assertThat(engine.started()).hasSize(3);
    }

    @Test
    void whatIsNoRegularFileIsNotReadBack() throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), "web: stolen\n");
        engine.runs("ln -s " + secret + " $ROOT/out/procfile; echo x > $ROOT/out/slug.tgz");
        assertThat(failed()).isEqualTo("the build left a procfile that is no regular file");

        engine.runs("mkfifo $ROOT/out/slug.tgz");
        assertThat(failed()).isEqualTo("the build left a slug that is no regular file");

        engine.runs("head -c 70000 /dev/zero > $ROOT/out/release.yml");
        assertThat(failed()).contains("release.yml of more than 65536 bytes");

        engine.runs("true");
        assertThat(failed()).isEqualTo("the build ended without a slug");

        engine.runs("printf 'a\\033[2Jb\\nsecond' > $ROOT/out/failure; exit 1");
        assertThat(failed()).isEqualTo("a?[2Jb");
        nothingIsLeft();
    }

    @Test
    void treesThatAreHardToDeleteAreDeleted() throws Exception {
        engine.runs(
                "cd $ROOT/out; for i in $(seq 300); do mkdir abcdefghijklmnopqrstuvwxyz; cd"
                        + " abcdefghijklmnopqrstuvwxyz; done; exit 1");
        tree.with("Procfile", "web: a\n");

        failed();

        nothingIsLeft();
    }

    @Test
    void aFullDiskEndsInAReason() throws Exception {
        assumeThat(System.getProperty("user.name")).as("mounts a small disk").isEqualTo("root");
        Path disk = Files.createDirectories(directory.resolve("work"));
        assertThat(
                        Command.run(
                                        List.of(
                                                "mount",
                                                "-t",
                                                "tmpfs",
                                                "-o",
                                                "size=4m",
                                                "tmpfs",
                                                disk.toString()),
                                        LIMIT)
                                .ok())
                .isTrue();
        try {
            tree.with("Procfile", "web: a\n");
            assertThat(failed()).contains("not enough disk space left");
            assertThat(engine.started()).isEmpty();

            BuildLimits usual = BuildLimits.DEFAULT;
            builder =
                    builder(
                            new BuildLimits(
                                    LIMIT,
                                    2,
                                    usual.sourceBytes(),
                                    usual.buildpackBytes(),
                                    usual.slugBytes(),
                                    1 << 20,
                                    1 << 20));
            engine.runs("head -c 3500000 /dev/zero > $ROOT/out/slug.tgz; sleep 100");
            assertThat(failed()).contains("not enough disk space left");

            tree.with("large", "x".repeat(5_000_000));
            assertThat(failed()).contains("not enough disk space left");
            nothingIsLeft();
        } finally {
            Command.run(List.of("umount", disk.toString()), LIMIT);
        }
    }

    @Test
    void cleaningRetiresDynosOfAnEarlierProcess() throws Exception {
        engine.runs("sleep 100");
        tree.with("Procfile", "web: a\n");
        Future<String> orphan = threads.submit(this::failed);
        await().until(() -> !engine.list().isEmpty());

        builder(BuildLimits.DEFAULT).clean();

        orphan.cancel(true);
        await().untilAsserted(this::nothingIsLeft);
    }

    @Test
    void aNodeAppIsInstalledAndItsCacheKept() throws Exception {
        assumeThat(Command.run(List.of("sh", "-c", "command -v node npm"), LIMIT).ok())
                .as("node and npm are installed")
                .isTrue();
        tree.withFilesOf(EXAMPLES.resolve("node"));

        BuildResult result = builder.build(source(tree.tar(), Map.of()), output::add);

        assumeThat(String.join("\n", output)).doesNotContain("ENOTFOUND", "ECONNREFUSED");
        Slug slug = ((BuildResult.Built) result).slug();
        assertThat(slug.processTypes()).isEqualTo(Map.of(ProcessType.WEB, "npm start"));
        assertThat(slug.buildpackDescription()).isEqualTo("Node.js");
        assertThat(filesIn(slug)).contains("./node_modules/express/package.json");
        assertThat(inSlug(slug, ".profile.d/nodejs.sh")).contains("NODE_ENV");
        assertThat(output).contains("       Default types of the buildpack -> web");

        output.clear();
        built();
        assertThat(output)
                .contains(
                        "       package-lock.json has not changed: reusing what the last build installed");
        builder.removeCache(app);
        assertThat(files(directory.resolve("caches"))).isEmpty();
    }
}
