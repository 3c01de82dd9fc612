package dev.paddock.engine.local;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Timers;
import dev.paddock.dyno.Attachment;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoOutput;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoUsage;
import dev.paddock.dyno.Engine;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.EngineHost;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/// Runs dynos as containers on this machine. Its files hold all it knows: a new engine on the same directories takes
/// over the dynos of one that was closed or killed. Safe for any thread.
public final class LocalEngine implements Engine {
    private static final Duration POOL_DELAY = Duration.ofSeconds(1);
    private static final long KILOBYTE = 1024;

    /// The platform shares the life of this machine, and records outlive both.
    private static final long GENERATION = 1;

    private final LocalSettings settings;
    private final String host = hostname();
    private final Installation installation;
    private final Network network;
    private final List<String> weaknesses;
    private final Isolation isolation;
    private final Roster roster = new Roster();
    private final Ends ends;
    private final Stops stops;
    private final Spares spares;
    private final Starts starts;
    private final Exits exits;
    private final LogWatch logs = new LogWatch();

    /// Prepares this machine and takes over what runs. Throws UserError when the machine lacks what dynos need.
    public LocalEngine(LocalSettings settings) {
        this(settings, LocalMachine.read(settings.hostEnvironment()), Conmon.PATIENCE);
    }

    /// @param patience how long conmon or crun may take for one thing
    LocalEngine(LocalSettings settings, LocalMachine machine, Duration patience) {
        Timers timers = settings.timers();
        this.settings = settings;
        this.installation =
                machine.root()
                        ? Installation.make(settings, Programs.of(machine), patience)
                        : UserInstallation.make(settings, machine.sandbox(), patience);
        this.network = installation.network();
        this.weaknesses =
                Stream.of(
                                machine.lacks().stream().map(Lack::text),
                                installation.volumes().weaknesses().stream(),
                                installation.weaknesses().stream())
                        .flatMap(Function.identity())
                        .toList();
        this.isolation = machine.isolation();
        this.ends = new Ends(roster, timers);
        this.stops = new Stops(roster, ends, timers);
        this.spares = new Spares(settings, installation);
        this.starts =
                new Starts(
                        roster,
                        ends,
                        stops,
                        installation.launcher(),
                        spares,
                        network,
                        timers,
                        host);
        Adoption adoption = new Adoption(settings, installation, spares, roster);
        adoption.readRecords();
        network.open(held());
        this.exits = new Exits(settings.runtime().resolve(DynoFiles.EXITS), ends::seen);
        adoption.goOn(starts, ends);
        new Rounds(roster, ends, stops, network, timers, installation.memoryLook()).begin();
        // Not beside the start of everything else, where nobody wants one yet.
        timers.schedule(POOL_DELAY, network::refill);
    }

    /// Debian packages that must be installed before an engine can be made; empty when all are there.
    public static List<String> missingPackages() {
        return LocalMachine.read(System.getenv()).missingPackages();
    }

    Network network() {
        return network;
    }

    private static String hostname() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        } catch (IOException e) {
            return "localhost";
        }
    }

    private List<Life.Place> held() {
        return roster.all().stream()
                .map(dyno -> dyno.life().place())
                .flatMap(Optional::stream)
                .toList();
    }

    /// What builds get in their environment beyond their spec: proxies, certificates and registries of this machine.
    public Map<String, String> buildEnvironment() {
        return installation.buildEnvironment();
    }

    @Override
    public void listen(Consumer<DynoEvent> events) {
        roster.listen(events);
    }

    @Override
    public void start(DynoSpec spec) {
        if (roster.find(spec.id()).isPresent()) {
            throw new IllegalStateException("dyno " + spec.id() + " was started before");
        }
        LocalDyno dyno = spares.take(spec).orElseGet(() -> fresh(spec));
        if (!roster.add(dyno)) {
            throw new IllegalStateException("dyno " + spec.id() + " is being started");
        }
        Thread.ofVirtual().name("launch/" + spec.id()).start(() -> starts.launch(dyno));
    }

    private LocalDyno fresh(DynoSpec spec) {
        DynoFiles files = DynoFiles.of(settings, spec.id());
        LocalDyno dyno =
                new LocalDyno(
                        spec,
                        files,
                        installation.keepers().forNew(),
                        installation.sandbox().group(files),
                        Life.fresh(settings.timers().bootId()));
        try {
            files.create();
            dyno.keeper.prepare(files);
            Json.write(files.spec(), SpecJson.json(spec));
            Json.write(files.life(), dyno.life().json());
            return dyno;
        } catch (UncheckedIOException e) {
            Directory.remove(files.disk(), files.bundle());
            throw e;
        }
    }

    @Override
    public void retire(DynoId id, Duration grace) {
        roster.running(id).ifPresent(dyno -> stops.retire(dyno, grace));
    }

    @Override
    public void hangUp(DynoId id) {
        roster.running(id).ifPresent(stops::hangUp);
    }

    @Override
    public List<EngineDyno> list() {
        List<EngineDyno> seen = new ArrayList<>();
        for (LocalDyno dyno : roster.all()) {
            ends.look(dyno);
            seen.add(dyno.seen(host, network));
        }
        return List.copyOf(seen);
    }

    @Override
    public void forget(DynoId id) {
        roster.find(id).filter(LocalDyno::ended).ifPresent(this::forget);
    }

    private void forget(LocalDyno dyno) {
        synchronized (dyno.forgetting) {
            if (roster.find(dyno.id()).filter(known -> known == dyno).isPresent()) {
                installation.launcher().forget(dyno);
                roster.remove(dyno.id());
            }
        }
    }

    @Override
    public Attachment attach(DynoId id) {
        LocalDyno dyno =
                roster.find(id)
                        .filter(known -> known.spec.stdio().attached())
                        .orElseThrow(() ->
                                new IllegalStateException("dyno " + id + " cannot be attached to"));
        return starts.attach(dyno);
    }

    @Override
    public DynoOutput output(DynoId id, long cursor) {
        Optional<LocalDyno> known = roster.find(id);
        if (known.isEmpty()) {
            LogFiles none =
                    new LogFiles(
                            DynoFiles.of(settings, id).log(), Conmon.LOG_FULL, OptionalLong::empty);
            return new ConmonLog(none, cursor, new LogParser(), () -> true);
        }
        LocalDyno dyno = known.get();
        logs.add(dyno.files.disk(), dyno.log);
        return new ConmonLog(dyno.log, cursor, dyno.keeper.parser(), dyno::ended);
    }

    @Override
    public Optional<DynoUsage> usage(DynoId id) {
        return roster.running(id)
                .filter(dyno -> dyno.life().begun().isPresent())
                .map(dyno -> dyno.group.usage());
    }

    @Override
    public void expect(AppId app, ReleaseVersion release) {
        spares.expect(app, release);
    }

    @Override
    public void discard(AppId app) {
        spares.discard(app);
        installation.launcher().discard(app);
    }

    @Override
    public void discard(AppId app, UUID slug) {
        boolean used =
                roster.running().stream()
                        .filter(dyno -> dyno.spec.app().equals(app))
                        .anyMatch(dyno ->
                                dyno.spec.slug().filter(ref -> ref.id().equals(slug)).isPresent());
        if (!used) {
            spares.discard(app, slug);
            installation.slugs().discard(app, slug);
        }
    }

    @Override
    public List<EngineHost> hosts() {
        long reserved =
                roster.running().stream().mapToLong(dyno -> dyno.spec.size().memoryBytes()).sum();
        long memory = memoryBytes();
        return List.of(
                new EngineHost(host, GENERATION, true, memory, Math.max(0, memory - reserved)));
    }

    private static long memoryBytes() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
                if (line.startsWith("MemTotal:")) {
                    return Long.parseLong(line.replaceAll("[^0-9]", "")) * KILOBYTE;
                }
            }
            throw new IllegalStateException("/proc/meminfo has no MemTotal");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read /proc/meminfo", e);
        }
    }

    @Override
    public List<String> weaknesses() {
        return weaknesses;
    }

    public Isolation isolation() {
        return isolation;
    }

    ProcessGroup group(DynoId id) {
        return roster.find(id).orElseThrow().group;
    }

    Spares spares() {
        return spares;
    }

    /// Removes the containers and namespaces kept ahead, and the rules of the network when no dyno is left; for `down`. The next
    /// engine makes them anew.
    public void standDown() {
        spares.drain();
        network.drain();
        if (roster.all().isEmpty()) {
            network.lower();
        }
    }

    @Override
    public void close() {
        roster.close();
        spares.close();
        network.close();
        exits.close();
        logs.close();
    }

    /// Ends every dyno of a platform at once and removes all that engines of it left on this machine, the data
    /// directory included. No engine of the platform may be open.
    public static void purge(Path runtime, Path data, String hash) {
        if (LocalMachine.isRoot()) {
            Installation.purge(runtime, data, hash);
        } else {
            UserInstallation.purge(runtime, data);
        }
    }
}
