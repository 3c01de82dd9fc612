package dev.paddock.engine.local;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Timers;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Exit;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Containers kept ahead for the next start of a web dyno, at most one for each app. A spare is the very container
/// that its start would make, before its first instruction; it becomes a dyno when its record gets a spec. Until then
/// it counts for nothing. Safe for any thread.
final class Spares {
    private static final Logger LOG = LoggerFactory.getLogger(Spares.class);

    /// Not beside other starts: they are what somebody waits for.
    private static final Duration CALM = Duration.ofSeconds(1);

    private final int most;
    private final LocalSettings settings;
    private final Installation installation;
    private final Timers timers;
    private final Object lock = new Object();
    // Guarded by lock.
    private final Map<AppId, DynoSpec> wanted = new LinkedHashMap<>();
    private final Map<AppId, LocalDyno> ready = new LinkedHashMap<>();
    private boolean making;
    private boolean closed;

    Spares(LocalSettings settings, Installation installation) {
        this.settings = settings;
        this.installation = installation;
        this.timers = settings.timers();
        // What a shell keeps has no container before it begins.
        this.most = installation.keepers().conmonIsThere() ? settings.spares() : 0;
    }

    /// Sees to it that the next dyno like this one starts from a spare.
    void keep(DynoSpec spec) {
        if (most == 0 || !spec.web() || spec.kind() != DynoKind.FORMATION) {
            return;
        }
        synchronized (lock) {
            LocalDyno spare = ready.get(spec.app());
            if (closed || (spare != null && fits(spare, spec))) {
                return;
            }
            wanted.put(spec.app(), spec);
        }
        timers.schedule(CALM, () -> Thread.ofVirtual().name("spares").start(this::makeAll));
    }

    /// Whether the dyno would find what it needs in the spare; only the id and the number in its name may differ.
    private static boolean fits(LocalDyno spare, DynoSpec spec) {
        DynoSpec made = spare.spec;
        return made.name().type().equals(spec.name().type())
                && new DynoSpec(
                                spec.id(),
                                made.app(),
                                spec.name(),
                                made.kind(),
                                made.release(),
                                made.size(),
                                made.command(),
                                made.environment(),
                                made.slug(),
                                made.stack(),
                                made.stdio(),
                                made.web(),
                                made.mounts())
                        .equals(spec);
    }

    private void makeAll() {
        synchronized (lock) {
            if (making) {
                return;
            }
            making = true;
        }
        for (Optional<DynoSpec> next = next(); next.isPresent(); next = next()) {
            make(next.get());
        }
    }

    /// It stays wanted while it is made, so that it can be withdrawn.
    private Optional<DynoSpec> next() {
        synchronized (lock) {
            Optional<DynoSpec> next =
                    closed ? Optional.empty() : wanted.values().stream().findFirst();
            making = next.isPresent();
            return next;
        }
    }

    private void make(DynoSpec spec) {
        DynoFiles files = DynoFiles.of(settings, DynoId.random());
        LocalDyno spare = dyno(spec, files, Life.fresh(timers.bootId()));
        try {
            files.create();
            Json.write(files.spare(), SpecJson.json(spec));
            Json.write(files.life(), spare.life().json());
            Files.createFile(files.name());
            Optional<Exit> failure = installation.launcher().create(spare);
            if (failure.isPresent()) {
                LOG.info("No spare for {}: {}", spec, failure.get());
            } else if (keepReady(spec, spare)) {
                return;
            }
        } catch (IOException | RuntimeException e) {
            LOG.warn("No spare for {}", spec, e);
        }
        withdraw(wish -> wish.equals(spec));
        remove(spare);
    }

    private boolean keepReady(DynoSpec spec, LocalDyno spare) {
        List<LocalDyno> surplus = new ArrayList<>();
        synchronized (lock) {
            if (closed || !wanted.remove(spec.app(), spec)) {
                return false;
            }
            LocalDyno before = ready.remove(spec.app());
            if (before != null) {
                surplus.add(before);
            }
            ready.put(spec.app(), spare);
            if (ready.size() > most) {
                AppId eldest = ready.keySet().iterator().next();
                surplus.add(ready.remove(eldest));
            }
        }
        surplus.forEach(this::remove);
        return true;
    }

    /// The spare that can be this dyno, made into it; on disk too, so that it is taken over like any other from now on.
    Optional<LocalDyno> take(DynoSpec spec) {
        LocalDyno spare;
        synchronized (lock) {
            spare = ready.get(spec.app());
            if (spare == null || !fits(spare, spec)) {
                return Optional.empty();
            }
            ready.remove(spec.app());
        }
        try {
            if (spare.life().processes().filter(Life.Processes::alive).isPresent()) {
                return Optional.of(become(spare, spec));
            }
            LOG.info("The spare for {} has ended", spec);
        } catch (IOException | UncheckedIOException e) {
            LOG.warn("The spare for {} cannot be used: {}", spec, e.getMessage());
        }
        removeSoon(spare);
        return Optional.empty();
    }

    private LocalDyno become(LocalDyno spare, DynoSpec spec) throws IOException {
        DynoFiles files = spare.files;
        if (!spec.environment().containsKey("DYNO")) {
            Files.writeString(files.name(), spec.name() + "\n");
        }
        Json.write(files.spec(), SpecJson.json(spec));
        Directory.remove(files.spare());
        return dyno(spec, files, spare.life());
    }

    private LocalDyno dyno(DynoSpec spec, DynoFiles files, Life life) {
        return new LocalDyno(
                spec,
                files,
                installation.keepers().forNew(),
                installation.sandbox().group(files),
                life);
    }

    /// Drops what was made for other releases of an app than this one.
    void expect(AppId app, ReleaseVersion release) {
        drop(spec -> spec.app().equals(app) && !spec.release().equals(release));
    }

    void discard(AppId app) {
        drop(spec -> spec.app().equals(app));
    }

    void discard(AppId app, UUID slug) {
        drop(spec ->
                spec.app().equals(app)
                        && spec.slug().filter(ref -> ref.id().equals(slug)).isPresent());
    }

    /// Removes all, and makes no more.
    void drain() {
        close();
        drop(_ -> true);
    }

    /// Makes no more. Those that are ready are removed by the next engine: it may be of another version, whose
    /// containers are not like these.
    void close() {
        synchronized (lock) {
            closed = true;
        }
    }

    private void drop(Predicate<DynoSpec> unwanted) {
        withdraw(unwanted);
        List<LocalDyno> dropped;
        synchronized (lock) {
            dropped = ready.values().stream().filter(spare -> unwanted.test(spare.spec)).toList();
            ready.values().removeAll(dropped);
        }
        dropped.forEach(this::remove);
    }

    private void withdraw(Predicate<DynoSpec> unwanted) {
        synchronized (lock) {
            wanted.values().removeIf(unwanted);
        }
    }

    private void removeSoon(LocalDyno spare) {
        Thread.ofVirtual().name("spares").start(() -> remove(spare));
    }

    /// Removes a spare, however far it was made.
    void remove(LocalDyno spare) {
        try {
            installation.launcher().forget(spare);
        } catch (RuntimeException e) {
            LOG.warn("The spare {} is left until the next start", spare.files.id(), e);
        }
    }

    /// Whether there is one for such a dyno now.
    boolean has(DynoSpec spec) {
        synchronized (lock) {
            LocalDyno spare = ready.get(spec.app());
            return spare != null && fits(spare, spec);
        }
    }
}
