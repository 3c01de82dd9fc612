package dev.paddock.formation;

import dev.paddock.core.AppId;
import dev.paddock.core.Release;
import dev.paddock.manifold.Desired.Asleep;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jdbi.v3.core.Handle;

/// Which apps sleep, in the table `sleeping_apps`, and which awake ones may. Safe for any thread.
final class SleepingApps {
    private final SleepPolicy policy;
    private final Map<AppId, Rule> rules = new ConcurrentHashMap<>();

    /// Apps whose free hours are used up, since when that is known. Not stored: it follows from the record.
    private volatile Map<AppId, Instant> usedUp = Map.of();

    SleepingApps(SleepPolicy policy) {
        this.policy = policy;
    }

    /// Since when the app sleeps, for want of free hours, of which its workers have none either, or of requests.
    Optional<Asleep> asleep(Handle handle, AppId app) {
        return Optional.ofNullable(usedUp.get(app))
                .map(since -> new Asleep(since, false))
                .or(() ->
                        idleSince(handle, app)
                                .map(since -> new Asleep(since, policy.sparesWorkers())));
    }

    private static Optional<Instant> idleSince(Handle handle, AppId app) {
        return handle.createQuery("select since from sleeping_apps where app = :app")
                .bind("app", app)
                .map((row, _) -> row.getObject("since", OffsetDateTime.class).toInstant())
                .findOne();
    }

    void sleep(Handle handle, AppId app, Instant now) {
        handle.createUpdate("insert into sleeping_apps values (:app, :now) on conflict do nothing")
                .bind("app", app)
                .bind("now", now)
                .execute();
    }

    void wake(Handle handle, AppId app) {
        handle.createUpdate("delete from sleeping_apps where app = :app")
                .bind("app", app)
                .execute();
    }

    /// Returns whether that is a change for the app.
    synchronized boolean usedUp(AppId app, boolean is, Instant now) {
        Map<AppId, Instant> next = new HashMap<>(usedUp);
        boolean change = is ? next.putIfAbsent(app, now) == null : next.remove(app) != null;
        usedUp = Map.copyOf(next);
        return change;
    }

    /// These apps and no others. Returns those for which that is a change.
    synchronized Set<AppId> usedUp(Set<AppId> apps, Instant now) {
        Map<AppId, Instant> before = usedUp;
        Map<AppId, Instant> next = new HashMap<>();
        apps.forEach(app -> next.put(app, before.getOrDefault(app, now)));
        usedUp = Map.copyOf(next);
        Set<AppId> changed = new HashSet<>(next.keySet());
        before.keySet()
                .forEach(app -> {
                    if (!changed.remove(app)) {
                        changed.add(app);
                    }
                });
        return changed;
    }

    boolean isUsedUp(AppId app) {
        return usedUp.containsKey(app);
    }

    /// Called whenever the manifold is told what an app should run.
    void know(AppId app, boolean asleep, Release release, List<FormationEntry> formation) {
        rules.put(app, new Rule(asleep, policy.after(release, formation)));
    }

    void forget(AppId app) {
        rules.remove(app);
    }

    /// False for an app that is not known, too.
    boolean isAsleep(AppId app) {
        Rule rule = rules.get(app);
        return rule != null && rule.asleep();
    }

    /// The awake apps that sleep after so long without a request.
    Map<AppId, Duration> awake() {
        Map<AppId, Duration> awake = new ConcurrentHashMap<>();
        rules.forEach((app, rule) -> {
            if (!rule.asleep()) {
                rule.after().ifPresent(after -> awake.put(app, after));
            }
        });
        return awake;
    }

    private record Rule(boolean asleep, Optional<Duration> after) {}
}
