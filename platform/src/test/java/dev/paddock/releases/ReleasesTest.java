package dev.paddock.releases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.apps.Apps;
import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.Release;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReleasesTest {
    private Database database;
    private Apps apps;
    private Releases releases;
    private Account ann;
    private AppId app;

    @BeforeEach
    void makeApp() {
        InstantSource clock = InstantSource.system();
        database = TestDatabase.fresh();
        apps = new Apps(database, clock);
        releases = new Releases(database, clock);
        ann = new Accounts(database, clock).create("ann@example.com", "Ann");
        app = apps.create(ann, Optional.empty(), Optional.empty(), Optional.empty()).id();
    }

    @Test
    void appBeginsWithInitialRelease() {
        Release first = releases.current(app);

        assertThat(first.version()).isEqualTo(new ReleaseVersion(1));
        assertThat(first.description()).isEqualTo("Initial release");
        assertThat(first.user()).isEqualTo(ann.actor());
        assertThat(first.slug()).isEmpty();
        assertThat(first.current()).isTrue();
    }

    @Test
    void nextReleaseIsMadeFromTheNewestAndBecomesCurrent() {
        Release made = set("A", "1");
        Release next = set("B", "é \"quoted\" \n line");

        assertThat(next.config().values())
                .containsExactlyInAnyOrderEntriesOf(Map.of("A", "1", "B", "é \"quoted\" \n line"));
        assertThat(releases.current(app)).isEqualTo(next);
        assertThat(releases.find(app, made.id().toString()).orElseThrow().current()).isFalse();
    }

    @Test
    void releaseIsFoundByVersionAndId() {
        Release made = set("A", "1");

        assertThat(releases.find(app, "v2")).contains(made);
        assertThat(releases.find(app, "2")).contains(made);
        assertThat(releases.find(app, made.id().toString())).contains(made);
        assertThat(releases.find(app, "v3")).isEmpty();
        assertThat(releases.find(app, "v99999999999")).isEmpty();
        assertThat(releases.find(app, "current")).isEmpty();
        assertThat(releases.find(AppId.random(), "v2")).isEmpty();
    }

    @Test
    void configVarsAreNotReadableInTheDatabase() {
        set("SECRET", "hunter2");

        assertThat(rowsOfReleases()).doesNotContain("hunter2");
        assertThat(releases.current(app).config().values()).containsEntry("SECRET", "hunter2");
    }

    @Test
    void configVarsOfAnEarlierVersionAreSealed() {
        Release made = set("A", "1");
        database.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update releases set sealed_config = null,"
                                        + " plain_config = '{\"OLD\":\"hunter2\"}'"
                                        + " where version = 2"));

        releases.sealAll();
        releases.sealAll();

        assertThat(rowsOfReleases()).doesNotContain("hunter2");
        assertThat(releases.find(app, made.id().toString()).orElseThrow().config().values())
                .isEqualTo(Map.of("OLD", "hunter2"));
    }

    private String rowsOfReleases() {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        "select string_agg(r::text || coalesce(encode(sealed_config,"
                                                + " 'escape'), ''), ';') from releases r")
                                .mapTo(String.class)
                                .one());
    }

    @Test
    void listIsPagedNewestFirst() {
        for (int i = 2; i <= 7; i++) {
            set("A", Integer.toString(i));
        }

        assertThat(versions(releases.list(app, Optional.empty(), 3))).containsExactly(7, 6, 5);
        assertThat(versions(releases.list(app, Optional.of(5), 3))).containsExactly(4, 3, 2);
        assertThat(versions(releases.list(app, Optional.of(2), 3))).containsExactly(1);
        assertThat(releases.list(app, Optional.empty(), 9)).filteredOn(Release::current).hasSize(1);
    }

    @Test
    void concurrentReleasesFollowEachOtherWithoutGapsOrLostChanges() throws Exception {
        int each = 50;
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> both =
                    List.of(
                            threads.submit(
                                    () -> IntStream.range(0, each).forEach(i -> set("A" + i, "x"))),
                            threads.submit(() ->
                                    IntStream.range(0, each).forEach(i -> set("B" + i, "x"))));
            for (Future<?> one : both) {
                one.get();
            }
        }

        assertThat(versions(releases.list(app, Optional.empty(), 1000)))
                .isEqualTo(
                        IntStream.rangeClosed(1, 2 * each + 1)
                                .mapToObj(i -> 2 * each + 2 - i)
                                .toList());
        assertThat(releases.current(app).config().values()).hasSize(2 * each);
    }

    @Test
    void changeThatFailsLeavesNoRelease() {
        assertThatThrownBy(() ->
                        releases.create(
                                app,
                                ann.actor(),
                                _ -> {
                                    throw UserError.invalid("no");
                                }))
                .isInstanceOf(UserError.class)
                .hasMessage("no");
        assertThat(releases.createIfChanged(app, ann.actor(), _ -> Optional.empty())).isEmpty();

        assertThat(releases.list(app, Optional.empty(), 10)).hasSize(1);
    }

    @Test
    void appThatIsDestroyedOrUnknownGetsNoRelease() {
        apps.beginDestroying(app);

        assertThatThrownBy(() -> set("A", "1")).hasMessage("Couldn't find that app.");
        app = new AppId(UUID.randomUUID());
        assertThatThrownBy(() -> set("A", "1")).hasMessage("Couldn't find that app.");
    }

    private Release set(String name, String value) {
        return releases.create(
                app,
                ann.actor(),
                newest -> {
                    Map<String, String> config = new HashMap<>(newest.config().values());
                    config.put(name, value);
                    return new Releases.Next("Set " + name, newest.slug(), new ConfigVars(config));
                });
    }

    private static List<Integer> versions(List<Release> list) {
        return list.stream().map(release -> release.version().number()).toList();
    }
}
