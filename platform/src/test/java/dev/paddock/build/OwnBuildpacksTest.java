package dev.paddock.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.apps.Apps;
import dev.paddock.build.Builder.BuildResult;
import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.daemons.Command;
import dev.paddock.outbound.OutboundTargets;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which of our own buildpacks takes an app, and what it says when it cannot build it. Reaches no registry.
class OwnBuildpacksTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final OutboundTargets TARGETS = new OutboundTargets(List.of());

    @TempDir private Path directory;

    private final List<String> output = Collections.synchronizedList(new ArrayList<>());
    private ProcessEngine engine;
    private AppId app;
    private SourceTree tree;
    private Builder builder;

    @BeforeEach
    void makeBuilder() throws IOException {
        Database database = TestDatabase.fresh();
        Account owner =
                new Accounts(database, InstantSource.system()).create("dev@example.com", "Dev");
        app =
                new Apps(database, InstantSource.system())
                        .create(owner, Optional.empty(), Optional.empty(), Optional.empty())
                        .id();
        engine = new ProcessEngine(Files.createDirectory(directory.resolve("roots")));
        tree = new SourceTree(directory.resolve("tree"));
        builder =
                new Builder(
                        engine,
                        new SlugStore(database, directory.resolve("slugs")),
                        TARGETS,
                        directory.resolve("work"),
                        directory.resolve("caches"));
        engine.listen(builder::accept);
    }

    @AfterEach
    void end() {
        engine.close();
    }

    private BuildResult build(String... buildpacks) throws Exception {
        output.clear();
        List<Buildpack> chosen = new ArrayList<>();
        for (String name : buildpacks) {
            chosen.add(Buildpack.parse(name, TARGETS));
        }
        return builder.build(
                new Builder.Source(
                        app,
                        "host",
                        new ConfigVars(Map.of()),
                        chosen,
                        new Builder.Tree.Tar(tree.tar()),
                        "abc123",
                        "first"),
                output::add);
    }

    private static void assumeInstalled(String program) {
        assumeThat(Command.run(List.of("sh", "-c", "command -v " + program), LIMIT).ok())
                .as(program + " is installed")
                .isTrue();
    }

    @Test
    void theFirstLanguageInHerokusOrderTakesTheApp() throws Exception {
        // None of these can be built, for what follows the detection is not asked here.
        tree.with("index.html", "hello")
                .with("pom.xml", "<project/>")
                .with("system.properties", "java.runtime.version=5\n");
        build();
        assertThat(output).contains("-----> Java app detected");

        tree.with("package.json", "no JSON");
        build();
        assertThat(output).contains("-----> Node.js app detected");

        tree.with("Gemfile", "ruby '1.0.0'\n");
        build();
        assertThat(output).contains("-----> Ruby app detected");
    }

    @Test
    void anAptfileIsLookedAtBeforeTheLanguage() throws Exception {
        tree.with("Aptfile", "# tools\n\nnot;a;package\n").with("Procfile", "web: run\n");

        assertThat(build()).isEqualTo(new BuildResult.Failed("failed to compile the Apt app"));

        assertThat(output)
                .containsSubsequence("-----> Apt app detected", "-----> Procfile app detected");
        assumeInstalled("apt-get");
        assertThat(output).contains(" !     Aptfile names not;a;package, which is no package");
    }

    @Test
    void aJavaVersionThatTheStackLacksIsNamed() throws Exception {
        tree.with("pom.xml", "<project/>").with("system.properties", "java.runtime.version = 5\n");

        assertThat(build()).isEqualTo(new BuildResult.Failed("failed to compile the Java app"));

        assertThat(output)
                .anyMatch(line ->
                        line.startsWith(
                                        " !     system.properties asks for Java 5, and this stack has")
                                || line.startsWith(
                                        " !     This stack has no JDK: ask the operator"));
    }

    @Test
    void aRubyVersionThatTheStackLacksIsNamed() throws Exception {
        assumeInstalled("ruby");
        assumeInstalled("bundle");
        tree.with("Gemfile", "source 'https://rubygems.org'\nruby '1.9.3'\n");

        assertThat(build()).isEqualTo(new BuildResult.Failed("failed to compile the Ruby app"));

        assertThat(output)
                .anyMatch(line -> line.startsWith(" !     The Gemfile asks for ruby 1.9.3, and"));
    }

    @Test
    void namesOfTheRegistryMeanOurs() {
        for (String name :
                List.of(
                        "heroku-community/apt",
                        "urn:buildpack:heroku/apt",
                        "https://buildpack-registry.s3.amazonaws.com/buildpacks/heroku-community/apt.tgz")) {
            assertThat(Buildpack.parse(name, TARGETS)).isEqualTo(new Buildpack("heroku/apt"));
        }
    }
}
