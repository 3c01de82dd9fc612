package dev.paddock.formation;

import dev.paddock.apps.Apps;
import dev.paddock.apps.Feature;
import dev.paddock.build.SlugStore;
import dev.paddock.core.Actor;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Release;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Slug;
import dev.paddock.core.Steps;
import dev.paddock.core.UserError;
import dev.paddock.dyno.DynoSize;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSink;
import dev.paddock.log.LogSource;
import dev.paddock.manifold.Desired;
import dev.paddock.manifold.Desired.Asleep;
import dev.paddock.manifold.Manifold;
import dev.paddock.releases.Releases;
import dev.paddock.store.Database;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The formation of each app; with start-up, the only caller of `Manifold.want`. Safe for any thread.
///
/// What an app should run is told to the manifold while its row is locked, after the change was committed: of two
/// changes at once the later one is told last.
public final class Formations {
    /// Dynos of one process type (dynos.md section 2).
    public static final int MAX_QUANTITY = 100;

    private static final Logger LOG = LoggerFactory.getLogger(Formations.class);

    private final Database database;
    private final InstantSource clock;
    private final Apps apps;
    private final SlugStore slugs;
    private final Manifold manifold;
    private final LogSink log;
    private final Admission admission;
    private final Steps steps;
    private final Releases releases;
    private final RunningReleases running;
    private final Preboots preboots;
    private final FormationRules rules;
    private final SleepingApps sleeping;
    private volatile Consumer<AppId> whenScaled = _ -> {};

    public Formations(
            Database database,
            InstantSource clock,
            Apps apps,
            SlugStore slugs,
            Releases releases,
            Manifold manifold,
            LogSink log,
            Admission admission,
            FormationRules rules,
            Steps steps) {
        this.database = database;
        this.clock = clock;
        this.apps = apps;
        this.slugs = slugs;
        this.releases = releases;
        this.running = new RunningReleases(releases, new DynoMetadata(apps));
        this.manifold = manifold;
        this.log = log;
        this.admission = admission;
        this.preboots = new Preboots(manifold, admission, log, clock);
        this.rules = rules;
        this.sleeping = new SleepingApps(rules.sleep());
        this.steps = steps;
    }

    /// The process types of the current release, sorted by name.
    public List<FormationEntry> list(AppId app) {
        Map<ProcessType, String> commands = commands(releases.current(app));
        List<FormationRow> rows =
                database.jdbi().withHandle(handle -> FormationRow.ofApp(handle, app));
        List<FormationEntry> entries = new ArrayList<>(entries(rows, commands));
        if (!commands.containsKey(ProcessType.RELEASE)) {
            failedReleaseCommand(app).ifPresent(entries::add);
        }
        return List.copyOf(entries);
    }

    /// The release command of a newest release that failed: only so can it be seen that there is one to be tried again.
    private Optional<FormationEntry> failedReleaseCommand(AppId app) {
        return releases.list(app, Optional.empty(), 1).stream()
                .filter(newest -> newest.status() == Release.Status.FAILED)
                .flatMap(newest ->
                        Optional.ofNullable(commands(newest).get(ProcessType.RELEASE))
                                .map(command ->
                                        new FormationEntry(
                                                newest.id(),
                                                app,
                                                ProcessType.RELEASE,
                                                0,
                                                DynoSize.DEFAULT,
                                                command,
                                                newest.createdAt(),
                                                newest.updatedAt()))
                                .stream())
                .findFirst();
    }

    private Map<ProcessType, String> commands(Release release) {
        return release.slug().flatMap(slugs::find).map(Slug::processTypes).orElse(Map.of());
    }

    private static List<FormationEntry> entries(
            Collection<FormationRow> rows, Map<ProcessType, String> commands) {
        return rows.stream()
                .filter(row -> commands.containsKey(row.type()))
                .map(row -> row.entry(commands.getOrDefault(row.type(), "")))
                .toList();
    }

    /// All updates or none. Throws UserError: unknown type (`not_found`, "Couldn't find that process type (x)."),
    /// quantity out of 0..100, more memory than is free. Logs `Scaled to web@3:Standard-1X ... by user x`.
    public List<FormationEntry> scale(AppId app, List<Update> updates, Actor user) {
        Map<ProcessType, String> commands = commands(releases.current(app));
        List<FormationEntry> scaled =
                database.jdbi()
                        .inTransaction(handle -> {
                            lock(handle, app);
                            return scale(handle, app, commands, updates);
                        });
        steps.reached("scale: stored");
        log.write(
                LogLine.of(
                        app,
                        clock.instant(),
                        LogSource.APP,
                        "api",
                        "Scaled to " + describe(scaled) + " by user " + user.email()));
        whenScaled.accept(app);
        tell(app);
        steps.reached("scale: told");
        return scaled;
    }

    private List<FormationEntry> scale(
            Handle handle, AppId app, Map<ProcessType, String> commands, List<Update> updates) {
        Map<ProcessType, FormationRow> rows = new TreeMap<>();
        FormationRow.ofApp(handle, app).stream()
                .filter(row -> commands.containsKey(row.type()))
                .forEach(row -> rows.put(row.type(), row));
        long before = memoryBytes(rows.values());
        Instant now = now();
        for (Update update : updates) {
            FormationRow row = rows.get(update.type());
            if (row == null) {
                throw new UserError(
                        "not_found",
                        "Couldn't find that process type (" + update.type() + ").",
                        "formation");
            }
            rows.put(update.type(), row.with(quantity(row, update), size(row, update), now));
        }
        List<FormationEntry> scaled = entries(rows.values(), commands);
        admission.require(
                handle, memoryBytes(rows.values()) - before, "Cannot scale to " + describe(scaled));
        rows.values().forEach(row -> row.update(handle));
        sleeping.wake(handle, app);
        return scaled;
    }

    private static long memoryBytes(Collection<FormationRow> rows) {
        return rows.stream().mapToLong(row -> row.quantity() * row.size().memoryBytes()).sum();
    }

    private static int quantity(FormationRow row, Update update) {
        // As long: the number may be the largest there is.
        long quantity =
                update.quantity()
                        .map(it ->
                                it.relative() ? (long) row.quantity() + it.number() : it.number())
                        .orElse((long) row.quantity());
        if (quantity < 0 || quantity > MAX_QUANTITY) {
            throw UserError.invalid(
                    "Cannot scale "
                            + row.type()
                            + " to "
                            + quantity
                            + " dynos: a process type may have 0 to "
                            + MAX_QUANTITY
                            + ".");
        }
        return (int) quantity;
    }

    private static DynoSize size(FormationRow row, Update update) {
        return update.size().orElse(row.size());
    }

    private static String describe(List<FormationEntry> entries) {
        return entries.stream()
                .map(it -> it.type() + "@" + it.quantity() + ":" + it.size().name())
                .collect(Collectors.joining(" "));
    }

    /// The current release changed: the first one with a slug gets web=1, types that are gone lose their entry, an app
    /// that slept wakes, and the manifold is told. As long as the release may fail (preboot) all types keep their entries.
    public void released(AppId app) {
        fit(app, false);
        wake(app);
        if (!preboots.isUnderWay(app)) {
            fit(app, true);
        }
    }

    /// The release's web dynos serve.
    public void tookOver(AppId app) {
        fit(app, true);
    }

    /// Web dynos of this size did not come up: those of the other size, which serve, are wanted again. False when
    /// something else is wanted by now.
    public boolean keepSize(AppId app, DynoSize refused, DynoSize kept) {
        boolean changed =
                database.jdbi()
                        .inTransaction(handle -> {
                            lock(handle, app);
                            Optional<FormationRow> web =
                                    FormationRow.ofApp(handle, app).stream()
                                            .filter(row -> row.type().isWeb())
                                            .filter(row -> row.size().equals(refused))
                                            .findFirst();
                            web.ifPresent(
                                    row -> row.with(row.quantity(), kept, now()).update(handle));
                            return web.isPresent();
                        });
        tell(app);
        return changed;
    }

    /// Finishes what a platform process that ended while a release's web dynos came up had still to do. Called once, after
    /// the manifold has taken over what runs.
    public void settle() {
        for (AppId app : database.jdbi().withHandle(GoneTypes::read)) {
            if (!preboots.isUnderWay(app)) {
                attempt(app, () -> fit(app, true));
            }
        }
    }

    private static void attempt(AppId app, Runnable step) {
        try {
            step.run();
        } catch (UserError e) {
            LOG.info("app {} is skipped at start: {}", app, e.message());
        }
    }

    /// Keeps the formation and runs none of it.
    void sleep(AppId app) {
        database.jdbi()
                .useTransaction(handle -> {
                    lock(handle, app);
                    sleeping.sleep(handle, app, now());
                });
        tell(app);
    }

    /// Runs the formation, whether the app slept or not.
    void wake(AppId app) {
        database.jdbi().useHandle(handle -> sleeping.wake(handle, app));
        tell(app);
    }

    /// These apps sleep, whatever else is wanted of them, because the free hours that they live on are used up; those that
    /// were among them before run again. Returns the apps for which that is a change, to be told by [#renew(AppId)].
    Set<AppId> useUp(Set<AppId> apps) {
        return sleeping.usedUp(apps, now());
    }

    /// As [#useUp(Set)] for one app; returns whether that is a change.
    boolean useUp(AppId app, boolean usedUp) {
        return sleeping.usedUp(app, usedUp, now());
    }

    /// Who is told of each app that was scaled, before the manifold is.
    void whenScaled(Consumer<AppId> told) {
        whenScaled = told;
    }

    /// Tells the manifold anew what the app should run; does nothing for one that is gone.
    void renew(AppId app) {
        attempt(app, () -> tell(app));
    }

    /// Whether the app sleeps because its free hours are used up (H82).
    public boolean isUsedUp(AppId app) {
        return sleeping.isUsedUp(app);
    }

    /// The apps that want dynos of the free size, with their owners.
    Map<AppId, UUID> ofFreeSize() {
        return database.jdbi().withHandle(FreeSizeApps::all);
    }

    /// The app's owner, if it wants dynos of the free size.
    Optional<UUID> ownerOfFreeSize(AppId app) {
        return database.jdbi().withHandle(handle -> FreeSizeApps.owner(handle, app));
    }

    boolean isAsleep(AppId app) {
        return sleeping.isAsleep(app);
    }

    /// The apps that are awake and sleep after so long without a request.
    Map<AppId, Duration> mayFallAsleep() {
        return sleeping.awake();
    }

    /// Gives each process type of the current slug its row, and takes it from the others.
    private void fit(AppId app, boolean dropsGone) {
        Release current = releases.current(app);
        if (current.slug().isEmpty()) {
            return;
        }
        Map<ProcessType, String> commands = commands(current);
        database.jdbi()
                .useTransaction(handle -> {
                    lock(handle, app);
                    fit(handle, app, commands, dropsGone);
                });
    }

    private void fit(
            Handle handle, AppId app, Map<ProcessType, String> commands, boolean dropsGone) {
        List<FormationRow> rows = FormationRow.ofApp(handle, app);
        boolean first = rows.isEmpty();
        for (FormationRow row : rows) {
            if (dropsGone && !commands.containsKey(row.type())) {
                row.delete(handle);
            }
        }
        Map<ProcessType, FormationRow> known =
                rows.stream().collect(Collectors.toMap(FormationRow::type, row -> row));
        Instant now = now();
        for (ProcessType type : commands.keySet()) {
            if (!known.containsKey(type)) {
                int quantity = first && type.isWeb() ? 1 : 0;
                new FormationRow(UUID.randomUUID(), app, type, quantity, DynoSize.DEFAULT, now, now)
                        .insert(handle);
            }
        }
    }

    /// Tells the manifold what every app should run; at start-up, before `Manifold.start`. Finishes what a release
    /// that was cut off had still to do.
    ///
    /// Of apps that run nothing one query tells all; only the others are asked about one by one.
    public void wantAll() {
        Map<AppId, ReleaseVersion> atRest = database.jdbi().withHandle(AppsAtRest::read);
        for (App app : apps.all()) {
            ReleaseVersion version = atRest.get(app.id());
            if (version != null) {
                manifold.want(app.id(), noDynos(app.id(), version));
                continue;
            }
            attempt(
                    app.id(),
                    () -> {
                        fit(app.id(), false);
                        tell(app.id());
                    });
        }
    }

    /// The app is being destroyed: wants nothing from now on.
    public void wantNothing(AppId app) {
        sleeping.forget(app);
        manifold.want(app, Desired.nothing(app));
    }

    private void tell(AppId app) {
        Release release = releases.current(app);
        Optional<Slug> slug = release.slug().flatMap(slugs::find);
        Desired empty = noDynos(app, release.version());
        Optional<Boolean> switched = apps.switchedFeature(app, Feature.PREBOOT);
        Optional<Desired> full = slug.map(it -> running.desired(release, it, slugs.ref(it)));
        database.jdbi()
                .useTransaction(handle -> {
                    lock(handle, app);
                    List<FormationRow> rows = FormationRow.ofApp(handle, app);
                    List<FormationEntry> entries =
                            entries(rows, slug.map(Slug::processTypes).orElse(Map.of()));
                    Optional<Asleep> asleep = sleeping.asleep(handle, app);
                    sleeping.know(app, asleep.isPresent(), release, entries);
                    Desired desired =
                            full.map(it -> withTypes(it, release, entries, asleep)).orElse(empty);
                    manifold.want(
                            app, desired.withPreboot(preboots.isOn(handle, desired, switched)));
                });
    }

    private static Desired noDynos(AppId app, ReleaseVersion version) {
        return new Desired(app, version, version, Map.of(), Optional.empty(), "", List.of());
    }

    private Desired withTypes(
            Desired desired,
            Release release,
            List<FormationEntry> entries,
            Optional<Asleep> asleep) {
        var bootLimit = RunningReleases.bootLimit(release.config());
        List<Desired.Type> types =
                entries.stream()
                        .map(it ->
                                new Desired.Type(
                                        it.type(),
                                        it.quantity(),
                                        it.size(),
                                        it.command(),
                                        bootLimit))
                        .toList();
        return new Desired(
                desired.app(),
                desired.release(),
                desired.oldestRunning(),
                desired.environment(),
                desired.slug(),
                desired.stack(),
                types,
                asleep,
                false,
                rules.prebootWait());
    }

    private static void lock(Handle handle, AppId app) {
        boolean locked =
                handle.createQuery(
                                "select id from apps where id = :app and not destroying for update")
                        .bind("app", app)
                        .mapTo(UUID.class)
                        .findOne()
                        .isPresent();
        if (!locked) {
            throw UserError.notFound("app");
        }
    }

    /// PostgreSQL keeps microseconds.
    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    /// One change of a formation: absolute (`3`) or relative (`+1`, `-1`) quantity, size, or both.
    public record Update(ProcessType type, Optional<Quantity> quantity, Optional<DynoSize> size) {}

    /// A number of dynos, absolute or relative to what is.
    public record Quantity(int number, boolean relative) {
        private static final Pattern TEXT = Pattern.compile("([+-]?)([0-9]{1,9})");

        /// Parses `3`, `+1`, `-1`; throws UserError for anything else.
        public static Quantity parse(String text) {
            var match = TEXT.matcher(text);
            if (!match.matches()) {
                throw UserError.invalid(
                        "Cannot scale to \"" + text + "\": use a number like 2, +1 or -1.");
            }
            int number = Integer.parseInt(match.group(2));
            return new Quantity(
                    match.group(1).equals("-") ? -number : number, !match.group(1).isEmpty());
        }
    }
}
