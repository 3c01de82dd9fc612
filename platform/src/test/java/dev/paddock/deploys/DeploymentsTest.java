package dev.paddock.deploys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.apps.Apps;
import dev.paddock.build.Builder;
import dev.paddock.build.Buildpacks;
import dev.paddock.build.Builds;
import dev.paddock.build.SlugStore;
import dev.paddock.core.Actor;
import dev.paddock.core.App;
import dev.paddock.core.AppName;
import dev.paddock.core.Release;
import dev.paddock.core.Steps;
import dev.paddock.core.UserError;
import dev.paddock.deploys.Deployments.Push;
import dev.paddock.logs.CommandOutputs;
import dev.paddock.logs.LogFilter;
import dev.paddock.logs.LogHub;
import dev.paddock.outbound.OutboundTargets;
import dev.paddock.releases.Releases;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeploymentsTest {
    private static final InstantSource CLOCK =
            InstantSource.fixed(Instant.parse("2026-01-01T12:00:00Z"));
    private static final String COMMIT = "193d1410aa5b8b5e2c3f4d5e6f708192a3b4c5d6";

    @TempDir private Path directory;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private Database database;
    private Apps apps;
    private Releases releases;
    private SlugStore slugs;
    private LogHub logs;
    private CommandOutputs outputs;
    private Builds builds;
    private FakeSurroundings surroundings;
    private Deployments deployments;
    private Account ann;
    private Actor user;
    private App shop;

    @BeforeEach
    void makeApp() throws IOException {
        database = TestDatabase.fresh();
        apps = new Apps(database, CLOCK);
        releases = new Releases(database, CLOCK);
        slugs = new SlugStore(database, directory.resolve("slugs"));
        builds = new Builds(database, CLOCK);
        logs = new LogHub(directory.resolve("logs"));
        outputs = new CommandOutputs(directory.resolve("outputs"));
        surroundings =
                new FakeSurroundings(slugs, Files.createDirectory(directory.resolve("work")));
        deployments = new Deployments(state(), surroundings, CLOCK);
        ann = new Accounts(database, CLOCK).create("ann@example.com", "Ann");
        user = ann.actor();
        shop = create("shop");
    }

    @AfterEach
    void end() {
        threads.shutdownNow();
        logs.close();
    }

    @Test
    void pushIsBuiltReleasedAndAnnounced() throws Exception {
        List<String> output = new ArrayList<>();

        Release made = deployments.deploy(shop, push(), user, output::add).orElseThrow();

        assertThat(made.version()).hasToString("v2");
        assertThat(made.description()).isEqualTo("Deploy 193d1410");
        assertThat(releases.current(shop.id())).isEqualTo(made);
        assertThat(output)
                .containsExactly(
                        "-----> Building",
                        "-----> Launching...",
                        "       Released v2",
                        "       http://shop.example.test:8080/ deployed to Paddock");
        assertThat(log())
                .containsExactly(
                        "Initial release by user ann@example.com",
                        "Release v1 created by user ann@example.com",
                        "Build started by user ann@example.com",
                        "Build succeeded",
                        "Deploy 193d1410 by user ann@example.com",
                        "Release v2 created by user ann@example.com");
        assertThat(surroundings.told()).containsExactly("changed", "build", "released");
        assertThat(apps.get(ann, "shop").slugBytes()).isPositive();
    }

    @Test
    void failedBuildLeavesNoRelease() throws Exception {
        surroundings.failBuilds("no buildpack fits");
        List<String> output = new ArrayList<>();

        assertThat(deployments.deploy(shop, push(), user, output::add)).isEmpty();

        assertThat(output).contains(" !     Build failed: no buildpack fits", " !     Push failed");
        assertThat(releases.list(shop.id(), Optional.empty(), 9)).hasSize(1);
        assertThat(surroundings.told()).doesNotContain("released");
        assertThat(log()).contains("Build failed: no buildpack fits");
    }

    @Test
    void pushesToOneAppAreBuiltOneAfterTheOther() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        surroundings.holdBuilds(gate);
        List<String> second = new ArrayList<>();
        Future<Optional<Release>> one =
                threads.submit(() -> deployments.deploy(shop, push(), user, _ -> {}));
        await().until(() -> surroundings.building() == 1);
        Future<Optional<Release>> two =
                threads.submit(() -> deployments.deploy(shop, push(), user, second::add));
        await().until(() -> second.contains("-----> Waiting for another build of this app"));

        gate.countDown();

        assertThat(one.get().orElseThrow().version()).hasToString("v2");
        assertThat(two.get().orElseThrow().version()).hasToString("v3");
        assertThat(surroundings.mostBuilding()).isEqualTo(1);
    }

    @Test
    void configChangesDoNotWaitForABuildWhichThenReleasesThem() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        surroundings.holdBuilds(gate);
        Future<Optional<Release>> build =
                threads.submit(() -> deployments.deploy(shop, push(), user, _ -> {}));
        await().until(() -> surroundings.building() == 1);

        Release configured = set("A", "1");
        gate.countDown();

        assertThat(configured.version()).hasToString("v2");
        Release built = build.get().orElseThrow();
        assertThat(built.version()).hasToString("v3");
        assertThat(built.config().values()).isEqualTo(Map.of("A", "1"));
    }

    @Test
    void changeSetMakesOneRelease() {
        Release made =
                deployments.configure(
                        shop.id(), Map.of("B", Optional.of("2"), "A", Optional.of("1")), user);

        assertThat(made.description()).isEqualTo("Set A, B config vars");
        assertThat(made.version()).hasToString("v2");
        assertThat(log())
                .contains(
                        "Set A, B config vars by user ann@example.com",
                        "Release v2 created by user ann@example.com");
    }

    @Test
    void unchangedConfigMakesNoRelease() {
        Release made = set("A", "1");

        Release again = set("A", "1");

        assertThat(again).isEqualTo(made);
        assertThat(releases.list(shop.id(), Optional.empty(), 9)).hasSize(2);
        assertThat(surroundings.told()).containsOnlyOnce("released");
    }

    @Test
    void refusedChangeSetChangesNothing() {
        set("A", "1");

        assertThatThrownBy(() ->
                        deployments.configure(
                                shop.id(),
                                Map.of("A", Optional.of("2"), "2B", Optional.of("x")),
                                user))
                .isInstanceOf(UserError.class);

        assertThat(releases.current(shop.id()).config().values()).isEqualTo(Map.of("A", "1"));
        assertThat(releases.list(shop.id(), Optional.empty(), 9)).hasSize(2);
    }

    @Test
    void rollbackBringsBackSlugAndConfig() throws Exception {
        set("A", "1");
        Release third = deployments.deploy(shop, push(), user, _ -> {}).orElseThrow();
        deployments.deploy(shop, push(), user, _ -> {});
        set("A", "2");

        Release made = deployments.rollback(shop.id(), "v3", user);

        assertThat(made.version()).hasToString("v6");
        assertThat(made.description()).isEqualTo("Rollback to v3");
        assertThat(made.slug()).isEqualTo(third.slug());
        assertThat(made.config()).isEqualTo(third.config());
        assertThat(log()).contains("Rollback to v3 by user ann@example.com");
    }

    @Test
    void releaseWithoutSlugOrUnknownCannotBeRolledBackTo() {
        set("A", "1");

        assertThatThrownBy(() -> deployments.rollback(shop.id(), "v1", user))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("v1: it has no slug");
        assertThatThrownBy(() -> deployments.rollback(shop.id(), "v9", user))
                .isInstanceOf(UserError.class)
                .hasMessage("Couldn't find that release.");
        assertThat(releases.list(shop.id(), Optional.empty(), 9)).hasSize(2);
    }

    @Test
    void releaseCommandRunsBeforeDynosFollowAndItsOutputIsShownAndKept() throws Exception {
        surroundings.declareReleaseCommand(false);
        List<String> output = new ArrayList<>();

        Release made = deployments.deploy(shop, push(), user, output::add).orElseThrow();

        assertThat(made.status()).isEqualTo(Release.Status.SUCCEEDED);
        assertThat(releases.current(shop.id())).isEqualTo(made);
        assertThat(surroundings.told())
                .containsExactly("changed", "build", "release command", "released");
        assertThat(output)
                .containsSubsequence(
                        "       Released v2",
                        "-----> Running release command...",
                        "migrating for v2");
        assertThat(kept(made)).isEqualTo("migrating for v2\n");
        assertThat(log())
                .containsSubsequence(
                        "Running release v2 commands by user ann@example.com",
                        "Release v2 created by user ann@example.com");
    }

    @Test
    void failedReleaseCommandKeepsTheReleaseBefore() throws Exception {
        Release before = deployments.deploy(shop, push(), user, _ -> {}).orElseThrow();
        surroundings.declareReleaseCommand(true);
        List<String> output = new ArrayList<>();

        Release made = deployments.deploy(shop, push(), user, output::add).orElseThrow();

        assertThat(made.status()).isEqualTo(Release.Status.FAILED);
        assertThat(releases.current(shop.id())).isEqualTo(before);
        assertThat(surroundings.told()).containsOnlyOnce("released");
        assertThat(output).contains(" !     Release command failed: it exited with status 1.");
        assertThat(set("A", "1").slug()).isEqualTo(before.slug());
        assertThatThrownBy(() -> deployments.rollback(shop.id(), "v3", user))
                .hasMessageContaining("did not succeed");
    }

    @Test
    void configChangeRunsTheReleaseCommandInTheBackgroundAndTheNextWaitsForIt() throws Exception {
        surroundings.declareReleaseCommand(false);
        deployments.deploy(shop, push(), user, _ -> {});
        CountDownLatch gate = new CountDownLatch(1);
        surroundings.holdCommands(gate);

        Release first = set("A", "1");
        Future<Release> second = threads.submit(() -> set("B", "2"));

        assertThat(first.status()).isEqualTo(Release.Status.PENDING);
        assertThat(releases.current(shop.id()).version()).hasToString("v2");
        assertThat(releases.newest(shop.id())).isEqualTo(first);
        assertThat(deployments.setMaintenance(shop, true, user).maintenance()).isTrue();
        assertThat(second.isDone()).isFalse();

        gate.countDown();

        assertThat(second.get().config().values()).containsOnlyKeys("A", "B");
        await().until(() -> releases.current(shop.id()).version().number() == 4);
    }

    @Test
    void destroyCutsOffAReleaseCommand() throws Exception {
        surroundings.declareReleaseCommand(false);
        surroundings.holdCommands(new CountDownLatch(1));
        Future<Optional<Release>> push =
                threads.submit(() -> deployments.deploy(shop, push(), user, _ -> {}));
        await().until(() -> surroundings.told().contains("release command"));

        deployments.destroy(shop, user);

        assertThatThrownBy(push::get).cause().hasMessage("Couldn't find that app.");
        assertThat(count("apps")).isZero();
    }

    @Test
    void releaseThatAnEarlierPlatformBeganFailsAtTheNextStart() {
        Release pending =
                releases.create(
                        shop.id(),
                        user,
                        newest ->
                                new Releases.Next(
                                        "Deploy 1",
                                        Optional.empty(),
                                        newest.config(),
                                        Release.Status.PENDING));

        deployments.abandonUnfinished();

        assertThat(releases.find(shop.id(), "v2").map(Release::status))
                .contains(Release.Status.FAILED);
        assertThat(releases.pending()).isEmpty();
        assertThat(releases.current(shop.id()).version().number())
                .isLessThan(pending.version().number());
        assertThat(surroundings.told()).contains("stop release commands");
    }

    @Test
    void slugOfAnotherAppIsReleasedAndOutlivesItsApp() throws Exception {
        UUID slug =
                deployments.deploy(shop, push(), user, _ -> {}).orElseThrow().slug().orElseThrow();
        App other = create("other");

        Release made =
                deployments.release(
                        other.id(), slugs.find(slug).orElseThrow(), Optional.empty(), user);
        deployments.destroy(shop, user);

        assertThat(made.description()).isEqualTo("Deploy 193d1410");
        assertThat(releases.current(other.id()).slug()).contains(slug);
        assertThat(slugs.find(slug))
                .map(slugs::ref)
                .hasValueSatisfying(ref -> assertThat(ref.file()).exists());
    }

    private String kept(Release release) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        outputs.send(release.app(), release.id(), bytes, () -> false);
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void renameAndMaintenanceReachTheRoutesAndFeaturesTheDynosToo() {
        App renamed = deployments.rename(shop, new AppName("store"), user);
        deployments.setMaintenance(renamed, true, user);
        deployments.setFeature(renamed, "http-session-affinity", true, user);

        assertThat(surroundings.told())
                .containsExactly("changed", "changed", "changed", "released");
        assertThat(apps.get(ann, "store").maintenance()).isTrue();
    }

    @Test
    void destroyedAppLeavesNothing() throws Exception {
        deployments.deploy(shop, push(), user, _ -> {});
        set("A", "1");
        Files.createDirectories(deployments.repository(shop.id()).resolve("objects"));

        deployments.destroy(shop, user);

        assertThat(surroundings.told()).endsWith("end", "discard");
        assertThat(apps.find(shop.id())).isEmpty();
        assertThat(apps.destroying()).isEmpty();
        assertThat(deployments.repository(shop.id())).doesNotExist();
        assertThat(logs.last(shop.id(), LogFilter.ALL, 100)).isEmpty();
        try (Stream<Path> files = Files.walk(directory)) {
            assertThat(files.filter(Files::isRegularFile)).isEmpty();
        }
        for (String table : List.of("apps", "releases", "slugs", "app_features")) {
            assertThat(count(table)).as(table).isZero();
        }
        assertThat(create("shop").id()).isNotEqualTo(shop.id());
    }

    @Test
    void destroyCutsOffABuildAndThePushThatWaits() throws Exception {
        surroundings.holdBuilds(new CountDownLatch(1));
        Future<Optional<Release>> building =
                threads.submit(() -> deployments.deploy(shop, push(), user, _ -> {}));
        await().until(() -> surroundings.building() == 1);
        List<String> output = new ArrayList<>();
        Future<Optional<Release>> waiting =
                threads.submit(() -> deployments.deploy(shop, push(), user, output::add));
        await().until(() -> !output.isEmpty());

        deployments.destroy(shop, user);

        for (Future<Optional<Release>> push : List.of(building, waiting)) {
            assertThatThrownBy(push::get)
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOf(UserError.class)
                    .hasMessage("Couldn't find that app.");
        }
        assertThat(count("slugs")).isZero();
        assertThat(count("apps")).isZero();
    }

    @Test
    void pushAndDestroyAtOnceEndInOneOfTheSerialOrders() throws Exception {
        for (int round = 0; round < 20; round++) {
            App app = create("round-" + round);
            CountDownLatch start = new CountDownLatch(1);
            Future<Boolean> push =
                    threads.submit(() -> {
                        start.await();
                        try {
                            return deployments.deploy(app, push(), user, _ -> {}).isPresent();
                        } catch (UserError e) {
                            assertThat(e).hasMessage("Couldn't find that app.");
                            return false;
                        }
                    });
            Future<?> destroy =
                    threads.submit(() -> {
                        start.await();
                        deployments.destroy(app, user);
                        return true;
                    });

            start.countDown();
            push.get(30, TimeUnit.SECONDS);
            destroy.get(30, TimeUnit.SECONDS);

            assertThat(apps.find(app.id())).isEmpty();
            assertThat(count("slugs")).isZero();
            try (Stream<Path> left = Files.walk(directory)) {
                assertThat(left.map(Path::getFileName).map(Path::toString))
                        .noneMatch(name -> name.endsWith(".tgz"));
            }
        }
    }

    @Test
    void appIsDestroyedOnce() {
        deployments.destroy(shop, user);

        assertThatThrownBy(() -> deployments.destroy(shop, user))
                .isInstanceOf(UserError.class)
                .hasMessage("Couldn't find that app.");
        assertThatThrownBy(() -> set("A", "1")).hasMessage("Couldn't find that app.");
        assertThatThrownBy(() -> deployments.deploy(shop, push(), user, _ -> {}))
                .hasMessage("Couldn't find that app.");
    }

    @Test
    void destructionThatWasCutOffIsFinishedAtTheNextStart() throws Exception {
        deployments.deploy(shop, push(), user, _ -> {});
        Files.createDirectories(deployments.repository(shop.id()));
        surroundings.endInVain(1);
        assertThatThrownBy(() -> deployments.destroy(shop, user))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("is being destroyed");
        assertThat(apps.destroying()).containsExactly(shop.id());

        new Deployments(state(), surroundings, CLOCK).resume();

        await().until(() -> apps.destroying().isEmpty());
        assertThat(count("slugs")).isZero();
        assertThat(deployments.repository(shop.id())).doesNotExist();
    }

    @Test
    void repositoriesOfNoAppAreDeletedAtStart() throws IOException {
        Path kept = Files.createDirectories(deployments.repository(shop.id()));
        Path orphan =
                Files.createDirectories(
                        deployments.repository(dev.paddock.core.AppId.random()).resolve("objects"));

        deployments.resume();

        assertThat(kept).exists();
        assertThat(orphan.getParent()).doesNotExist();
    }

    private Deployments.State state() {
        return new Deployments.State(
                apps,
                releases,
                slugs,
                builds,
                new Buildpacks(database),
                new OutboundTargets(List.of()),
                logs,
                outputs,
                directory.resolve("repositories"),
                "http://%s.example.test:8080/",
                Steps.UNWATCHED);
    }

    private App create(String name) {
        return deployments.create(
                ann, Optional.of(new AppName(name)), Optional.empty(), Optional.empty());
    }

    private Release set(String name, String value) {
        return deployments.configure(shop.id(), Map.of(name, Optional.of(value)), user);
    }

    private static Push push() {
        return Push.ofCommit(
                new Builder.Tree.Tar(new ByteArrayInputStream(new byte[0])), COMMIT, "a change");
    }

    private List<String> log() {
        return logs.last(shop.id(), LogFilter.ALL, 100).stream()
                .map(entry -> entry.line().text())
                .toList();
    }

    private int count(String table) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select count(*) from " + table)
                                .mapTo(Integer.class)
                                .one());
    }
}
