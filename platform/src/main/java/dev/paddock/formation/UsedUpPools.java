package dev.paddock.formation;

import dev.paddock.core.AppId;
import dev.paddock.core.Timers;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSink;
import dev.paddock.log.LogSource;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Lets the apps with Eco dynos sleep whose owner has used up the month's pool of free hours, until the next month begins
/// or they want dynos of other sizes (dynos.md section 3, H82). Safe for any thread.
public final class UsedUpPools implements AutoCloseable {
    static final Duration LOOK = Duration.ofSeconds(20);

    private static final Logger LOG = LoggerFactory.getLogger(UsedUpPools.class);

    private final Formations formations;
    private final Predicate<UUID> usedUp;
    private final Predicate<AppId> runs;
    private final Consumer<AppId> routes;
    private final LogSink log;
    private final Timers timers;
    private final Executor effects;

    /// Changes that the manifold and routers have not heard of, as when the database went away; and whether a look came
    /// to its end. One look at a time.
    private final Set<AppId> untold = new HashSet<>();

    private boolean looked;
    private volatile boolean closed;

    /// @param usedUp whether this account has no free hours left now
    /// @param runs whether dynos of this app are recorded as running; where none are when this platform begins, an earlier
    ///     one has ended them and has said why
    /// @param routes told of each app that requests must be answered differently for
    /// @param effects where the database is asked
    public UsedUpPools(
            Formations formations,
            Predicate<UUID> usedUp,
            Predicate<AppId> runs,
            Consumer<AppId> routes,
            LogSink log,
            Timers timers,
            Executor effects) {
        this.formations = formations;
        this.usedUp = usedUp;
        this.runs = runs;
        this.routes = routes;
        this.log = log;
        this.timers = timers;
        this.effects = effects;
    }

    /// Looks at once, then again and again, and at each app whose formation is changed. Called when the formations have
    /// told what they want.
    public void start() {
        formations.whenScaled(this::look);
        lookAgainAndAgain();
    }

    private void lookAgainAndAgain() {
        look();
        timers.schedule(
                LOOK,
                () -> {
                    if (!closed) {
                        effects.execute(this::lookAgainAndAgain);
                    }
                });
    }

    private synchronized void look() {
        try {
            Map<UUID, Boolean> accounts = new HashMap<>();
            Set<AppId> apps =
                    formations.ofFreeSize().entrySet().stream()
                            .filter(entry ->
                                    accounts.computeIfAbsent(entry.getValue(), usedUp::test))
                            .map(Map.Entry::getKey)
                            .collect(Collectors.toSet());
            untold.addAll(formations.useUp(apps));
            tellChanges();
            looked = true;
        } catch (RuntimeException e) {
            LOG.warn("Who has free hours left could not be found out; trying again: {}", "" + e);
        }
    }

    /// The app may want dynos of the free size, or no longer.
    private synchronized void look(AppId app) {
        try {
            Optional<UUID> owner = formations.ownerOfFreeSize(app);
            if (formations.useUp(app, owner.isPresent() && usedUp.test(owner.get()))) {
                untold.add(app);
                tellChanges();
            }
        } catch (RuntimeException e) {
            LOG.warn("Whether app {} has free hours left is found out later: {}", app, "" + e);
        }
    }

    /// Routers first: nobody is to wait for a dyno that is not coming.
    private void tellChanges() {
        for (AppId app : Set.copyOf(untold)) {
            boolean isNews = formations.isUsedUp(app) && (looked || runs.test(app));
            routes.accept(app);
            formations.renew(app);
            if (isNews) {
                // Why they run again, if they do, is no news of ours: a month began, they have
                // another size, or the app
                // is gone.
                log(app);
            }
            untold.remove(app);
        }
    }

    private void log(AppId app) {
        String text =
                "The account's free hours of this month are used up: its Eco dynos sleep until "
                        + nextMonth();
        log.write(LogLine.of(app, timers.date(), LogSource.APP, "api", text));
    }

    private LocalDate nextMonth() {
        return timers.date().atOffset(ZoneOffset.UTC).toLocalDate().withDayOfMonth(1).plusMonths(1);
    }

    @Override
    public void close() {
        closed = true;
    }
}
