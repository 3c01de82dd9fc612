package dev.paddock.domains;

import dev.paddock.apps.Apps;
import dev.paddock.apps.Feature;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.core.Release;
import dev.paddock.core.UserError;
import dev.paddock.releases.AppSettings;
import dev.paddock.releases.Releases;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.AppRoute.Balance;
import dev.paddock.routes.AppRoute.Status;
import dev.paddock.routes.Certificate;
import dev.paddock.routes.DynoRoute;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// What an app's route is made of besides its dynos; kept in memory, so that a dyno's change asks no database.
record AppFacts(
        AppId id,
        AppName name,
        boolean blank,
        boolean usedUp,
        boolean maintenance,
        AppSettings settings,
        boolean affinity,
        boolean continueEndToEnd,
        Optional<String> maintenancePage,
        Optional<String> errorPage,
        List<Domains.RoutedDomain> domains) {
    AppFacts {
        domains = List.copyOf(domains);
    }

    private static final String AFFINITY = "http-session-affinity";
    private static final String CONTINUE = "http-end-to-end-continue";

    private static AppFacts of(
            App app,
            Release release,
            boolean usedUp,
            boolean affinity,
            boolean continueEndToEnd,
            List<Domains.RoutedDomain> domains) {
        Map<String, String> config = release.config().values();
        return new AppFacts(
                app.id(),
                app.name(),
                release.slug().isEmpty(),
                usedUp,
                app.maintenance(),
                AppSettings.of(release.config()),
                affinity,
                continueEndToEnd,
                page(config, "MAINTENANCE_PAGE_URL"),
                page(config, "ERROR_PAGE_URL"),
                domains);
    }

    private static Optional<String> page(Map<String, String> config, String name) {
        return Optional.ofNullable(config.get(name)).filter(url -> !url.isBlank());
    }

    String host(String domain) {
        return name + "." + domain;
    }

    AppRoute route(String domain, Optional<Certificate> certificate, List<DynoRoute> dynos) {
        return new AppRoute(
                id.toString(),
                name.toString(),
                hosts(domain),
                status(),
                maintenance,
                settings.balance().orElse(Balance.LEAST),
                affinity,
                settings.maxInFlightPerDyno(),
                settings.maxBacklog(),
                continueEndToEnd,
                true,
                maintenancePage,
                errorPage,
                milliseconds(settings.firstByte()),
                certificate,
                certificates(),
                dynos);
    }

    private Status status() {
        if (blank) {
            return Status.BLANK;
        }
        return usedUp ? Status.QUOTA_EXHAUSTED : Status.NORMAL;
    }

    private List<String> hosts(String domain) {
        List<String> hosts = new ArrayList<>(List.of(host(domain)));
        domains.forEach(custom -> hosts.add(custom.hostname()));
        return hosts;
    }

    private Map<String, Certificate> certificates() {
        Map<String, Certificate> certificates = new HashMap<>();
        domains.forEach(custom ->
                custom.certificate().ifPresent(own -> certificates.put(custom.hostname(), own)));
        return certificates;
    }

    private static OptionalInt milliseconds(Optional<Duration> duration) {
        return duration.isPresent()
                ? OptionalInt.of(Math.toIntExact(duration.get().toMillis()))
                : OptionalInt.empty();
    }

    /// Where facts come from.
    interface Source {
        /// Empty when there is no such app, or it is being destroyed.
        Optional<AppFacts> find(AppId app);

        List<AppFacts> all();
    }

    /// The facts as the database has them.
    ///
    /// @param usedUp whether an app's free hours are
    record Stored(Apps apps, Releases releases, Domains domains, Predicate<AppId> usedUp)
            implements Source {
        @Override
        public Optional<AppFacts> find(AppId id) {
            return apps.find(id).flatMap(this::facts);
        }

        private Optional<AppFacts> facts(App app) {
            try {
                Release release = releases.current(app.id());
                Set<String> on =
                        apps.features(app.id()).stream()
                                .filter(Feature::enabled)
                                .map(Feature::name)
                                .collect(Collectors.toSet());
                return Optional.of(
                        of(
                                app,
                                release,
                                usedUp.test(app.id()),
                                on.contains(AFFINITY),
                                on.contains(CONTINUE),
                                domains.routed(app.id())));
            } catch (UserError e) {
                // The app went away between the two questions.
                return Optional.empty();
            }
        }

        /// In a handful of queries, whatever the number of apps.
        @Override
        public List<AppFacts> all() {
            Map<AppId, Release> current = new HashMap<>();
            releases.allCurrent().forEach(release -> current.put(release.app(), release));
            Set<AppId> affinity = apps.withFeature(AFFINITY);
            Set<AppId> endToEnd = apps.withFeature(CONTINUE);
            Map<AppId, List<Domains.RoutedDomain>> custom = domains.routed();
            List<AppFacts> facts = new ArrayList<>();
            for (App app : apps.all()) {
                Release release = current.get(app.id());
                if (release != null) {
                    facts.add(
                            of(
                                    app,
                                    release,
                                    usedUp.test(app.id()),
                                    affinity.contains(app.id()),
                                    endToEnd.contains(app.id()),
                                    custom.getOrDefault(app.id(), List.of())));
                }
            }
            return facts;
        }
    }
}
