package dev.paddock.build;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.apps.Apps;
import dev.paddock.build.Builder.BuildResult;
import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Slug;
import dev.paddock.core.UserError;
import dev.paddock.daemons.Command;
import dev.paddock.outbound.AddressBlock;
import dev.paddock.outbound.OutboundTargets;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Builds with buildpacks that users chose, fetched from a server on loopback.
class BuildpackBuildTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir private Path directory;

    private final List<String> output = Collections.synchronizedList(new ArrayList<>());
    private final OutboundTargets targets =
            new OutboundTargets(List.of(AddressBlock.parse("127.0.0.0/8")));
    private ProcessEngine engine;
    private SlugStore slugs;
    private Buildpacks buildpacks;
    private AppId app;
    private Builder builder;
    private HttpServer server;

    @BeforeEach
    void makeBuilder() throws IOException {
        Database database = TestDatabase.fresh();
        Account owner =
                new Accounts(database, InstantSource.system()).create("dev@example.com", "Dev");
        app =
                new Apps(database, InstantSource.system())
                        .create(owner, Optional.empty(), Optional.empty(), Optional.empty())
                        .id();
        buildpacks = new Buildpacks(database);
        engine = new ProcessEngine(Files.createDirectory(directory.resolve("roots")));
        slugs = new SlugStore(database, directory.resolve("slugs"));
        builder =
                new Builder(
                        engine,
                        slugs,
                        targets,
                        directory.resolve("work"),
                        directory.resolve("caches"));
        engine.listen(builder::accept);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.start();
    }

    @AfterEach
    void end() {
        server.stop(0);
        engine.close();
    }

    private String url(String path) {
        return "http://127.0.0.1:" + server.getAddress().getPort() + path;
    }

    private String serve(String path, byte[] content) {
        server.createContext(
                path,
                exchange -> {
                    exchange.sendResponseHeaders(200, content.length);
                    exchange.getResponseBody().write(content);
                    exchange.close();
                });
        return url(path);
    }

    private Path pack(String name, String compile) throws IOException {
        Path pack = Files.createTempDirectory(directory, "pack");
        new SourceTree(pack)
                .with("bin/detect", "#!/bin/sh\ntest -d \"$1\" && echo '" + name + "'\n")
                .with("bin/compile", "#!/bin/sh\nset -e\n" + compile + "\n")
                .with(
                        "bin/release",
                        "#!/bin/sh\nprintf -- '---\\naddons:\\n  - %s:mini\\ndefault_process_types:\\n  web: run %s\\n' db "
                                + name
                                + "\n");
        for (Path file :
                List.of(
                        pack.resolve("bin/detect"),
                        pack.resolve("bin/compile"),
                        pack.resolve("bin/release"))) {
            assertThat(file.toFile().setExecutable(true)).isTrue();
        }
        return pack;
    }

    private static byte[] tgz(Path folder) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(bytes)) {
            new SourceTree(folder).tar().transferTo(zip);
        }
        return bytes.toByteArray();
    }

    private BuildResult build(Map<String, String> config, String... urls) throws Exception {
        List<Buildpack> chosen = new ArrayList<>();
        for (String url : urls) {
            chosen.add(Buildpack.parse(url, targets));
        }
        Path tree = Files.createTempDirectory(directory, "tree");
        new SourceTree(tree).with("README", "hello");
        return builder.build(
                new Builder.Source(
                        app,
                        "host",
                        new ConfigVars(config),
                        chosen,
                        new Builder.Tree.Tar(new SourceTree(tree).tar()),
                        "abc123",
                        "first"),
                output::add);
    }

    private Slug built(BuildResult result) {
        assertThat(result).as("output %s", output).isInstanceOf(BuildResult.Built.class);
        return ((BuildResult.Built) result).slug();
    }

    private String failed(BuildResult result) throws IOException {
        assertThat(result).as("output %s", output).isInstanceOf(BuildResult.Failed.class);
        try (var left = Files.list(directory.resolve("work"))) {
            assertThat(left).isEmpty();
        }
        return ((BuildResult.Failed) result).reason();
    }

    private String inSlug(Slug slug, String file) {
        return Command.run(
                        List.of("tar", "-xzOf", slugs.ref(slug).file().toString(), "./" + file),
                        LIMIT)
                .output();
    }

    @Test
    void severalRunInOrderWithExportCacheConfigVarsAndTheirOwnFolder() throws Exception {
        String first =
                serve(
                        "/first.tgz",
                        tgz(
                                pack(
                                        "First",
                                        """
                                        echo "       cwd has $(ls bin | head -n 1)"
                                        echo "export FROM_FIRST='and more'" > export
                                        echo "       $(cat "$3/WORD"), env <$WORD>, stack $STACK"
                                        mkdir -p "$1/.profile.d"
                                        echo 'export A=1' > "$1/.profile.d/a.sh"
                                        echo x >> "$2/count"
                                        echo "       build $(wc -l < "$2/count")"
                                        """)));
        String second =
                serve(
                        "/second.tgz",
                        tgz(pack("Second", "printf '%s' \"$FROM_FIRST\" > \"$1/made\"")));

        Slug slug = built(build(Map.of("WORD", "seen"), first, second));
        built(build(Map.of("WORD", "seen"), first, second));

        assertThat(output)
                .containsSubsequence(
                        "-----> Using buildpacks:",
                        "       1. " + first,
                        "       2. " + second,
                        "-----> First app detected",
                        "-----> Second app detected",
                        "       cwd has compile",
                        "       seen, env <>, stack host",
                        "       build 1",
                        " !     The buildpack asks for add-ons, which are not made by themselves here: db:mini",
                        "       Default types of the buildpack -> web",
                        "       build 2");
        assertThat(inSlug(slug, "made")).isEqualTo("and more");
        assertThat(inSlug(slug, ".profile.d/a.sh")).contains("export A=1");
        assertThat(slug.processTypes()).isEqualTo(Map.of(ProcessType.WEB, "run Second"));
        assertThat(slug.buildpackDescription()).isEqualTo("First, Second");
    }

    @Test
    void anArchiveWithEverythingInOneFolderIsUsedToo() throws Exception {
        Path outer = Files.createTempDirectory(directory, "outer");
        Files.move(pack("Inner", "true"), outer.resolve("pack-main"));

        built(build(Map.of(), serve("/archive/main.tar.gz", tgz(outer))));

        assertThat(output).contains("-----> Inner app detected");
    }

    @Test
    void aBuildpackThatFailsFailsTheBuildWithItsOutput() throws Exception {
        String url = serve("/bad.tgz", tgz(pack("Bad", "echo 'went wrong 4711'; exit 3")));

        assertThat(failed(build(Map.of(), url))).isEqualTo("failed to compile the Bad app");

        assertThat(output).contains("went wrong 4711");
    }

    @Test
    void aBuildpackThatDoesNotFitFailsTheBuild() throws Exception {
        Path pack = pack("Picky", "true");
        Files.writeString(pack.resolve("bin/detect"), "#!/bin/sh\nexit 1\n");

        assertThat(failed(build(Map.of(), serve("/picky.tgz", tgz(pack)))))
                .contains("does not fit this app");
    }

    @Test
    void whatCannotBeFetchedOrIsNoBuildpackFailsTheBuild() throws Exception {
        Path empty = Files.createTempDirectory(directory, "empty");
        new SourceTree(empty).with("README", "no buildpack");
        String noPack = serve("/none.tgz", tgz(empty));
        String noArchive = serve("/text.tgz", "<html>".getBytes(UTF_8));
        String absent = url("/absent.tgz");

        assertThat(failed(build(Map.of(), noPack))).contains("has no bin/detect");
        assertThat(failed(build(Map.of(), noArchive))).contains("is no tar archive");
        assertThat(failed(build(Map.of(), absent))).contains("answers 404");
    }

    @Test
    void anArchiveThatLeadsOutOfItsFolderIsRefused() throws Exception {
        Path tree = Files.createTempDirectory(directory, "evil");
        Files.createSymbolicLink(tree.resolve("link"), Path.of("/etc"));

        assertThat(failed(build(Map.of(), serve("/evil.tgz", tgz(tree)))))
                .contains("is refused: its archive contains the link");
    }

    @Test
    void aRedirectInsideIsRefused() throws Exception {
        server.createContext(
                "/moved.tgz",
                exchange -> {
                    exchange.getResponseHeaders().add("Location", "http://10.0.0.1/pack.tgz");
                    exchange.sendResponseHeaders(302, -1);
                    exchange.close();
                });

        assertThat(failed(build(Map.of(), url("/moved.tgz")))).contains("own networks");
    }

    @Test
    void aGitRepositoryIsFetchedAtItsHeadABranchOrACommit() throws Exception {
        Path work = pack("MainPack", "true");
        git(work, "init", "-q", "-b", "main");
        git(work, "add", "-A");
        git(work, "commit", "-qm", "one");
        String commit = git(work, "rev-parse", "HEAD").strip();
        git(work, "checkout", "-qb", "other");
        Files.writeString(work.resolve("bin/detect"), "#!/bin/sh\necho 'Other pack'\n");
        git(work, "commit", "-qam", "two");
        git(work, "checkout", "-q", "main");
        git(work, "update-server-info");
        server.createContext(
                "/pack.git",
                exchange -> {
                    Path file =
                            work.resolve(".git")
                                    .resolve(
                                            exchange.getRequestURI()
                                                    .getPath()
                                                    .substring("/pack.git/".length()));
                    boolean found = Files.isRegularFile(file);
                    byte[] bytes = found ? Files.readAllBytes(file) : new byte[0];
                    exchange.sendResponseHeaders(found ? 200 : 404, found ? bytes.length : -1);
                    exchange.getResponseBody().write(bytes);
                    exchange.close();
                });

        built(build(Map.of(), url("/pack.git")));
        built(build(Map.of(), url("/pack.git#other")));
        built(build(Map.of(), url("/pack.git#" + commit)));

        assertThat(output)
                .containsSubsequence(
                        "-----> MainPack app detected",
                        "-----> Other pack app detected",
                        "-----> MainPack app detected");
        assertThat(failed(build(Map.of(), url("/pack.git#nowhere")))).contains("has no nowhere");
        assertThat(failed(build(Map.of(), url("/nothing.git")))).contains("cannot be fetched");
    }

    private static String git(Path work, String... arguments) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "git",
                                "-C",
                                work.toString(),
                                "-c",
                                "user.name=a",
                                "-c",
                                "user.email=a@example.com"));
        command.addAll(List.of(arguments));
        Command.Result result = Command.run(command, LIMIT);
        assertThat(result.ok()).as(result.output()).isTrue();
        return result.output();
    }

    @Test
    void anArchiveAsSourceMayHoldEverythingInOneFolder() throws Exception {
        Path outer = Files.createTempDirectory(directory, "outer");
        new SourceTree(outer).with("app-1.0/Procfile", "web: run\n");

        Slug slug =
                built(
                        builder.build(
                                new Builder.Source(
                                        app,
                                        "host",
                                        new ConfigVars(Map.of()),
                                        List.of(),
                                        new Builder.Tree.Upload(
                                                Files.write(
                                                        directory.resolve("up.tgz"), tgz(outer)),
                                                Optional.empty()),
                                        "",
                                        ""),
                                output::add));

        assertThat(inSlug(slug, "Procfile")).contains("web: run");
    }

    @Test
    void ourOwnCanBeChosenByName() throws Exception {
        assertThat(failed(build(Map.of(), "heroku/procfile"))).contains("does not fit");
        assertThatThrownBy(() -> Buildpack.parse("heroku/unknown", targets))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("heroku/nodejs");
    }

    @Test
    void urlsInsideAndUnknownSchemesAreRefused() {
        OutboundTargets narrow = new OutboundTargets(List.of());
        for (String url :
                List.of(
                        "http://127.0.0.1/x.tgz",
                        "http://169.254.169.254/x.git",
                        "file:///etc/x.tgz",
                        "git@github.com:a/b.git",
                        "nonsense")) {
            assertThatThrownBy(() -> Buildpack.parse(url, narrow)).isInstanceOf(UserError.class);
        }
    }

    @Test
    void chosenBuildpacksKeepTheirOrderAndAreReplacedAsAWhole() {
        Buildpack a = new Buildpack("https://example.com/a.tgz");
        Buildpack b = new Buildpack("https://example.com/b.git");

        buildpacks.set(app, List.of(b, a));
        assertThat(buildpacks.list(app)).containsExactly(b, a);
        buildpacks.set(app, List.of(a));
        assertThat(buildpacks.list(app)).containsExactly(a);
        assertThatThrownBy(() -> buildpacks.set(app, List.of(a, a))).isInstanceOf(UserError.class);
        assertThat(buildpacks.list(app)).containsExactly(a);
        buildpacks.set(app, List.of());
        assertThat(buildpacks.list(app)).isEmpty();
    }
}
