package dev.paddock.domains;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.apps.Apps;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.Release;
import dev.paddock.releases.Releases;
import dev.paddock.routes.AppRoute;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AppFactsTest {
    private Database database;
    private Apps apps;
    private Releases releases;
    private Account ann;
    private App app;
    private AppFacts.Stored facts;
    private final Set<AppId> usedUp = new HashSet<>();

    @BeforeEach
    void makeApp() {
        InstantSource clock = InstantSource.system();
        database = TestDatabase.fresh();
        apps = new Apps(database, clock);
        releases = new Releases(database, clock);
        ann = new Accounts(database, clock).create("ann@example.com", "Ann");
        app = apps.create(ann, Optional.empty(), Optional.empty(), Optional.empty());
        facts =
                new AppFacts.Stored(
                        apps,
                        releases,
                        new Domains(database, "localhost", clock),
                        usedUp::contains);
    }

    private AppRoute route(AppId id) {
        AppFacts found = facts.find(id).orElseThrow();
        assertThat(facts.all()).contains(found);
        return found.route("localhost", Optional.empty(), List.of());
    }

    @Test
    void newAppIsBlankAndHasTheUsualRules() {
        AppRoute route = route(app.id());

        assertThat(route.status()).isEqualTo(AppRoute.Status.BLANK);
        assertThat(route.hosts()).containsExactly(app.name() + ".localhost");
        assertThat(route.id()).isEqualTo(app.id().toString());
        AppRoute usual = AppRoute.of(route.id(), route.name(), route.hosts(), List.of());
        assertThat(usual.balance()).isEqualTo(route.balance());
        assertThat(usual.maxBacklog()).isEqualTo(route.maxBacklog());
        assertThat(route.maintenance()).isFalse();
        assertThat(route.affinity()).isFalse();
    }

    @Test
    void appWithoutFreeHoursSaysSoToRequests() {
        UUID slug = slug();
        releases.create(
                app.id(),
                ann.actor(),
                newest -> new Releases.Next("Deploy", Optional.of(slug), newest.config()));
        assertThat(route(app.id()).status()).isEqualTo(AppRoute.Status.NORMAL);

        usedUp.add(app.id());

        assertThat(route(app.id()).status()).isEqualTo(AppRoute.Status.QUOTA_EXHAUSTED);
    }

    @Test
    void settingsFeaturesAndPagesReachTheRoute() {
        UUID slug = slug();
        releases.create(
                app.id(),
                ann.actor(),
                newest ->
                        new Releases.Next(
                                "Set config vars",
                                Optional.of(slug),
                                new ConfigVars(
                                        Map.of(
                                                "PADDOCK_BALANCE", "round-robin",
                                                "PADDOCK_MAX_IN_FLIGHT", "7",
                                                "PADDOCK_MAX_BACKLOG", "9",
                                                "PADDOCK_FIRST_BYTE_SECONDS", "45",
                                                "ERROR_PAGE_URL", "https://example.com/error",
                                                "MAINTENANCE_PAGE_URL", " "))));
        apps.setMaintenance(app, true);
        apps.setFeature(app.id(), "http-session-affinity", true);
        apps.setFeature(app.id(), "http-end-to-end-continue", true);

        AppRoute route = route(app.id());

        assertThat(route.status()).isEqualTo(AppRoute.Status.NORMAL);
        assertThat(route.balance()).isEqualTo(AppRoute.Balance.ROUND_ROBIN);
        assertThat(route.maxInFlightPerDyno()).isEqualTo(OptionalInt.of(7));
        assertThat(route.maxBacklog()).isEqualTo(OptionalInt.of(9));
        assertThat(route.firstByteMs()).isEqualTo(OptionalInt.of(45_000));
        assertThat(route.errorPage()).contains("https://example.com/error");
        assertThat(route.maintenancePage()).isEmpty();
        assertThat(route.maintenance()).isTrue();
        assertThat(route.affinity()).isTrue();
        assertThat(route.continueEndToEnd()).isTrue();
    }

    private UUID slug() {
        UUID slug = UUID.randomUUID();
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        """
                                        insert into slugs values (:id, :app, 'sha', 1, null, '',
                                          'host', '{}', '', now())
                                        """)
                                .bind("id", slug)
                                .bind("app", app.id())
                                .execute());
        return slug;
    }

    @Test
    void everyAppHasItsCurrentRelease() {
        for (int i = 0; i < 3; i++) {
            App other = apps.create(ann, Optional.empty(), Optional.empty(), Optional.empty());
            releases.create(
                    other.id(),
                    ann.actor(),
                    newest -> new Releases.Next("next", Optional.empty(), newest.config()));
        }

        assertThat(facts.all()).hasSize(4);
        assertThat(releases.allCurrent())
                .allMatch(Release::current)
                .allMatch(release -> releases.current(release.app()).equals(release));
    }

    @Test
    void appThatIsBeingDestroyedHasNoRoute() {
        apps.beginDestroying(app.id());

        assertThat(facts.find(app.id())).isEmpty();
        assertThat(facts.all()).isEmpty();
    }
}
