package dev.paddock.engine.local;

import dev.paddock.core.AppId;
import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import dev.paddock.dyno.Attachment;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoOutput;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoUsage;
import dev.paddock.dyno.Engine;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.EngineHost;
import dev.paddock.dyno.Exit;
import dev.paddock.engine.local.Conmon.LaunchFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs dynos as containers on this machine. Its files hold all it knows: a new engine on the same directories takes
/// over the dynos of one that was closed or killed. Safe for any thread.
public final class LocalEngine implements Engine {
    /// A link in the runtime directory to the one on disk.
    static final String DATA_LINK = "data";

    private static final String MOUNTS = "mounts";
    private static final Path PROCESSES = Path.of("/proc");

    private static final Logger LOG = LoggerFactory.getLogger(LocalEngine.class);
    private static final int STARTS_AT_ONCE = 4;
    private static final int SIGNAL_ROUNDS = 2;
    private static final Duration LOOK = Duration.ofSeconds(5);
    private static final Duration POOL_DELAY = Duration.ofSeconds(1);
    private static final Duration OVER_QUOTA_PERIOD = Duration.ofSeconds(20);
    private static final Duration CREATION_LIMIT = Duration.ofMinutes(6);
    private static final int PROBE_MILLIS = 1_000;
    private static final Duration FIRST_PROBE = Duration.ofMillis(2);
    private static final Duration LAST_PROBE = Duration.ofMillis(100);
    private static final long KILOBYTE = 1024;

    private final LocalSettings settings;
    private final Timers timers;
    private final String host;
    private final Cgroup cgroup;
    private final HostStack stack;
    private final Keepers keepers;
    private final DynoNetwork network;
    private final Firewall firewall;
    private final SlugCache slugs;
    private final Launcher launcher;
    private final Exits exits;
    private final LogWatch logs = new LogWatch();
    private final Map<String, String> buildEnvironment;
    private final List<String> weaknesses;
    private final Semaphore starts = new Semaphore(STARTS_AT_ONCE);
    private final Map<DynoId, LocalDyno> dynos = new ConcurrentHashMap<>();
    private volatile Consumer<DynoEvent> events = event -> {};
    private volatile boolean closed;

    /// Prepares this machine and takes over what runs. Throws UserError when the machine lacks what dynos need.
    public LocalEngine(LocalSettings settings) {
        this(settings, LocalMachine.read(settings.hostEnvironment()), Conmon.PATIENCE);
    }

    /// @param patience how long conmon or crun may take for one thing
    LocalEngine(LocalSettings settings, LocalMachine machine, Duration patience) {
        Programs programs = Programs.of(machine);
        this.settings = settings;
        this.timers = settings.timers();
        this.host = hostname();
        // An existing one keeps its mode: the router's user passes through it to its socket.
        Path runtime = settings.runtime();
        if (!Files.isDirectory(runtime)) {
            Directory.createPrivate(runtime);
        }
        for (String name : List.of(DynoFiles.DYNOS, DynoFiles.EXITS, DynoFiles.SOCKETS)) {
            Directory.createPrivate(runtime.resolve(name));
        }
        Directory.createPrivate(programs.kind().containers(runtime));
        Directory.createPrivate(settings.data().resolve(DynoFiles.DYNOS));
        linkData();
        Cgroup.Hierarchies hierarchies = Cgroup.Hierarchies.detect();
        this.cgroup = platformCgroup(hierarchies, settings.hash());
        Resolvers resolvers = Resolvers.detect();
        this.stack = new HostStack(runtime.resolve("stack"));
        stack.build(resolvers);
        CrunMounts mounts =
                CrunMounts.make(
                        runtime.resolve(MOUNTS), stack, programs.runtime(), hierarchies.hybrid());
        OciRuntime containers = OciRuntime.in(mounts, programs.kind());
        Conmon conmon = new Conmon(programs.conmon(), containers, patience);
        ShellKeeper shell = new ShellKeeper(containers, patience, timers);
        this.keepers = new Keepers(conmon, shell, programs.conmon().isPresent());
        this.buildEnvironment = BuildEnvironment.of(settings.hostEnvironment(), stack);
        Registry.Share share = new Registry(registry(runtime)).claim(settings.hash());
        Path unpacked = settings.data().resolve("slugs");
        Path numbers = settings.data().resolve("users.json");
        if (UserNumbers.moved(numbers, share.firstUser())) {
            Directory.remove(unpacked);
        }
        UserNumbers users = new UserNumbers(numbers, share.firstUser());
        this.slugs = new SlugCache(unpacked, runtime.resolve("unpack"), stack, containers, cgroup);
        slugs.clean();
        this.network = new DynoNetwork(settings.hash(), share.network());
        this.firewall = Firewall.of(settings.hash(), registry(runtime));
        firewall.raise(DynoNetwork.addresses(share.network()), resolvers.servers());
        this.launcher =
                new Launcher(settings, stack, containers, network, users, slugs, buildEnvironment);
        this.weaknesses = machine.lacks().stream().map(Lack::text).toList();
        readRecords();
        network.open(heldSlots());
        this.exits = new Exits(runtime.resolve(DynoFiles.EXITS), this::exitSeen);
        List.copyOf(dynos.values()).forEach(this::adopt);
        timers.schedule(LOOK, this::lookSoon);
        // Not beside the start of everything else, where nobody wants one yet.
        timers.schedule(POOL_DELAY, network::refill);
    }

    /// Debian packages that must be installed before an engine can be made; empty when all are there.
    public static List<String> missingPackages() {
        return LocalMachine.read(System.getenv()).missingPackages();
    }

    static Cgroup platformCgroup(Cgroup.Hierarchies hierarchies, String hash) {
        return new Cgroup(hierarchies, "/paddock-" + hash);
    }

    static Path registry(Path runtime) {
        return runtime.toAbsolutePath().resolve("..").normalize();
    }

    private static String hostname() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        } catch (IOException e) {
            return "localhost";
        }
    }

    private void linkData() {
        Path link = settings.runtime().resolve(DATA_LINK);
        try {
            Files.deleteIfExists(link);
            Files.createSymbolicLink(link, settings.data().toAbsolutePath());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot create " + link + ": " + e.getMessage(), e);
        }
    }

    /// What builds get in their environment beyond their spec: proxies, certificates and registries of this machine.
    public Map<String, String> buildEnvironment() {
        return buildEnvironment;
    }

    private void readRecords() {
        for (String name : Directory.names(settings.runtime().resolve(DynoFiles.DYNOS))) {
            DynoFiles files = DynoFiles.of(settings, DynoId.parse(name));
            Optional<DynoSpec> spec = Json.read(files.spec()).map(SpecJson::parse);
            Optional<Life> life = Json.read(files.life()).map(Life::parse);
            if (spec.isPresent() && life.isPresent()) {
                LocalDyno dyno = dyno(spec.get(), files, keepers.of(files), life.get());
                dynos.put(dyno.id(), dyno);
            } else {
                // Cut off while start() wrote the record: nothing else was made yet.
                Directory.remove(files.disk(), files.bundle());
            }
        }
        for (String name : Directory.names(settings.data().resolve(DynoFiles.DYNOS))) {
            // Its record went with a reboot, or with the runtime directory.
            if (!dynos.containsKey(DynoId.parse(name))) {
                Directory.remove(settings.data().resolve(DynoFiles.DYNOS).resolve(name));
            }
        }
    }

    private LocalDyno dyno(DynoSpec spec, DynoFiles files, Keeper keeper, Life life) {
        return new LocalDyno(spec, files, keeper, cgroup.child(spec.id().toString()), life);
    }

    private List<Integer> heldSlots() {
        return dynos.values().stream()
                .map(dyno -> dyno.life().place())
                .flatMap(Optional::stream)
                .map(Life.Place::slot)
                .toList();
    }

    private void adopt(LocalDyno dyno) {
        Life life = dyno.life();
        if (life.exit().isPresent()) {
            return;
        }
        if (!life.bootId().equals(timers.bootId())) {
            dyno.change(Life::withoutTicks);
            end(dyno, new Exit(Exits.KILLED, Exit.Cause.PROCESS, "the machine was restarted"));
        } else if (life.processes().isEmpty()) {
            Thread.ofVirtual().name("launch/" + dyno.id()).start(() -> relaunch(dyno));
        } else {
            dyno.created.countDown();
            look(dyno);
            if (!dyno.ended()) {
                Thread.ofVirtual().name("adopt/" + dyno.id()).start(() -> goOn(dyno));
            }
        }
    }

    /// The platform was killed before the container was recorded: what there may be of it is taken away first.
    private void relaunch(LocalDyno dyno) {
        launcher.clear(dyno);
        dyno.life().place().ifPresent(place -> network.release(place.slot()));
        dyno.change(life -> Life.fresh(life.bootId()));
        launch(dyno);
    }

    private void goOn(LocalDyno dyno) {
        Life life = dyno.life();
        life.killAt().ifPresent(killAt -> killLater(dyno, killAt));
        if (!life.up() && !dyno.spec.stdio().attached()) {
            try {
                startCommand(dyno);
            } catch (LaunchFailure e) {
                LOG.debug("Dyno {} had been started already", dyno.id());
            }
            begun(dyno);
        }
    }

    @Override
    public void listen(Consumer<DynoEvent> events) {
        this.events = events;
    }

    @Override
    public void start(DynoSpec spec) {
        DynoFiles files = DynoFiles.of(settings, spec.id());
        LocalDyno dyno = dyno(spec, files, keepers.forNew(), Life.fresh(timers.bootId()));
        if (dynos.putIfAbsent(spec.id(), dyno) != null) {
            throw new IllegalStateException("dyno " + spec.id() + " was started before");
        }
        try {
            files.create();
            dyno.keeper.prepare(files);
            Json.write(files.spec(), SpecJson.json(spec));
            Json.write(files.life(), dyno.life().json());
        } catch (UncheckedIOException e) {
            dynos.remove(spec.id());
            Directory.remove(files.disk(), files.bundle());
            throw e;
        }
        Thread.ofVirtual().name("launch/" + spec.id()).start(() -> launch(dyno));
    }

    private void launch(LocalDyno dyno) {
        try {
            Optional<Exit> failure;
            starts.acquire();
            try {
                failure = launcher.create(dyno);
                if (closed) {
                    // The next engine takes the dyno over as it is now.
                    return;
                }
                if (failure.isEmpty()) {
                    dyno.change(
                            life -> life,
                            () ->
                                    tell(
                                            new DynoEvent.Placed(
                                                    dyno.id(), host, dyno.address(network))));
                    if (!dyno.spec.stdio().attached()) {
                        failure = begin(dyno);
                    }
                }
            } finally {
                starts.release();
            }
            if (failure.isPresent()) {
                fail(dyno, failure.get());
            } else {
                dyno.created.countDown();
                begun(dyno);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("Dyno {} could not be started", dyno.id(), e);
            fail(dyno, new Exit(1, Exit.Cause.LAUNCH_FAILED, "internal error: " + e));
        }
    }

    private void fail(LocalDyno dyno, Exit exit) {
        try {
            launcher.clear(dyno);
        } catch (RuntimeException e) {
            LOG.warn("Dyno {} left something behind until it is forgotten", dyno.id(), e);
        }
        end(dyno, exit);
    }

    private Optional<Exit> begin(LocalDyno dyno) {
        dyno.beginning = true;
        try {
            dyno.log.keep();
            Tick now = timers.now();
            dyno.change(life -> life.withBegun(now));
            startCommand(dyno);
            if (dyno.life().killAt().filter(at -> !timers.now().isBefore(at)).isPresent()) {
                // Where the container begins to exist only now, there was nothing to kill before.
                kill(dyno);
            }
            if (!dyno.spec.web()) {
                up(dyno);
            }
            return Optional.empty();
        } catch (LaunchFailure e) {
            return Optional.of(
                    dyno.life().killAt().isPresent()
                            ? Exit.of(Exits.TERMINATED)
                            : new Exit(
                                    1, Exit.Cause.LAUNCH_FAILED, String.valueOf(e.getMessage())));
        } finally {
            dyno.beginning = false;
        }
    }

    private static void startCommand(LocalDyno dyno) throws LaunchFailure {
        Life.Processes before = dyno.life().processes().orElseThrow();
        ProcessIdentity init = dyno.keeper.start(dyno.files, before.init());
        dyno.change(life -> life.withProcesses(new Life.Processes(init, before.conmon())));
    }

    /// What is left to do once the command runs.
    private void begun(LocalDyno dyno) {
        look(dyno);
        Optional<DynoAddress> address = dyno.address(network);
        if (address.isPresent() && dyno.life().begun().isPresent()) {
            awaitPort(dyno, address.get());
        } else if (!dyno.spec.stdio().attached() && !dyno.life().up()) {
            up(dyno);
        }
    }

    private void up(LocalDyno dyno) {
        dyno.change(Life::withUp, () -> tell(new DynoEvent.Up(dyno.id())));
    }

    private void awaitPort(LocalDyno dyno, DynoAddress address) {
        Duration pause = FIRST_PROBE;
        while (!closed && !dyno.ended()) {
            if (accepts(address)) {
                up(dyno);
                return;
            }
            try {
                Thread.sleep(pause);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            Duration longer = pause.plus(pause.dividedBy(4));
            pause = longer.compareTo(LAST_PROBE) < 0 ? longer : LAST_PROBE;
        }
    }

    private static boolean accepts(DynoAddress address) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address.ip(), address.port()), PROBE_MILLIS);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void tell(DynoEvent event) {
        if (!closed) {
            events.accept(event);
        }
    }

    @Override
    public void retire(DynoId id, Duration grace) {
        LocalDyno dyno = dynos.get(id);
        if (dyno == null || dyno.ended()) {
            return;
        }
        boolean first = dyno.life().killAt().isEmpty();
        Tick wanted = timers.now().plus(grace);
        dyno.change(life ->
                life.killAt().isPresent() && life.killAt().get().isBefore(wanted)
                        ? life
                        : life.withKillAt(wanted));
        Thread.ofVirtual()
                .name("retire/" + id)
                .start(() -> {
                    if (grace.isZero() || dyno.life().begun().isEmpty()) {
                        kill(dyno);
                    } else {
                        killLater(dyno, wanted);
                        if (first) {
                            signalAll(dyno, Signals.TERMINATE);
                        }
                    }
                });
    }

    /// Signals all processes. A dyno that is just beginning has none yet beside the first.
    private void signalAll(LocalDyno dyno, int signal) {
        while (!dyno.ended() && !closed && signal(dyno, signal) == 0) {
            try {
                Thread.sleep(FIRST_PROBE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void killLater(LocalDyno dyno, Tick killAt) {
        Duration left = killAt.since(timers.now());
        timers.schedule(
                left.isNegative() ? Duration.ZERO : left,
                () -> Thread.ofVirtual().name("kill/" + dyno.id()).start(() -> expire(dyno)));
    }

    private void expire(LocalDyno dyno) {
        if (closed) {
            return;
        }
        look(dyno);
        if (dyno.change(Life::withExpired)) {
            kill(dyno);
        }
    }

    private void kill(LocalDyno dyno) {
        Life life = dyno.life();
        dyno.cgroup.kill();
        if (life.begun().isEmpty() && life.processes().isPresent()) {
            // There may be no container yet, only who is to run it.
            Signals.send(life.processes().get().init(), Signals.KILL);
            look(dyno);
        }
    }

    /// Signals all processes, also one that is forked meanwhile, and counts them. The first process is left out: it
    /// only hands signals on to the command, which gets its own.
    private static int signal(LocalDyno dyno, int signal) {
        Set<Long> done = new HashSet<>();
        dyno.life().processes().ifPresent(processes -> done.add(processes.init().pid()));
        int before = done.size();
        for (int round = 0; round < SIGNAL_ROUNDS; round++) {
            for (long pid : dyno.cgroup.processes()) {
                if (done.add(pid)) {
                    dyno.cgroup.signal(pid, signal);
                }
            }
        }
        return done.size() - before;
    }

    @Override
    public void hangUp(DynoId id) {
        LocalDyno dyno = dynos.get(id);
        if (dyno != null && !dyno.ended()) {
            Thread.ofVirtual()
                    .name("hang-up/" + id)
                    .start(() -> {
                        if (dyno.life().begun().isEmpty()) {
                            kill(dyno);
                        } else {
                            signalAll(dyno, Signals.HANGUP);
                        }
                    });
        }
    }

    private void exitSeen(String name) {
        dynos.values().stream()
                .filter(dyno -> dyno.id().toString().equals(name))
                .forEach(this::look);
    }

    private void lookSoon() {
        Thread.ofVirtual().name("look").start(this::lookAtAll);
    }

    private void lookAtAll() {
        if (closed) {
            return;
        }
        try {
            for (LocalDyno dyno : dynos.values()) {
                look(dyno);
                if (dyno.life().begun().isPresent() && !dyno.ended()) {
                    watchMemory(dyno);
                }
            }
        } catch (RuntimeException e) {
            LOG.error("Looking after dynos failed", e);
        }
        timers.schedule(LOOK, this::lookSoon);
    }

    /// Collects the end of a dyno, if it has ended.
    private void look(LocalDyno dyno) {
        Life life = dyno.life();
        if (life.exit().isPresent() || life.processes().isEmpty() || dyno.beginning) {
            return;
        }
        dyno.log.keep();
        boolean conmonLives = life.processes().get().conmon().alive();
        Optional<Integer> status = Conmon.exitStatus(dyno.files);
        if (status.isPresent()) {
            end(dyno, exit(dyno, status.get()));
        } else if (!conmonLives) {
            // Somebody killed conmon; without it nobody would learn how the dyno ends.
            dyno.cgroup.kill();
            end(dyno, exit(dyno, Exits.KILLED));
        }
    }

    private static Exit exit(LocalDyno dyno, int status) {
        Life life = dyno.life();
        if (dyno.cgroup.memoryKills() > 0) {
            return new Exit(status, Exit.Cause.OUT_OF_MEMORY, "");
        }
        if (life.expired()) {
            return new Exit(status, Exit.Cause.GRACE_EXPIRED, "");
        }
        return Exit.of(life.begun().isEmpty() ? Exits.TERMINATED : status);
    }

    private void end(LocalDyno dyno, Exit exit) {
        dyno.created.countDown();
        Tick at = EndTime.of(dyno.files, dyno.life().begun(), timers);
        if (dyno.change(
                life -> life.withExit(exit, at),
                () -> tell(new DynoEvent.Exited(dyno.id(), exit)))) {
            Thread.ofVirtual()
                    .name("clear/" + dyno.id())
                    .start(() ->
                            Directory.remove(
                                    dyno.files.upper(), dyno.files.work(), dyno.files.temporary()));
        }
    }

    private void watchMemory(LocalDyno dyno) {
        if (dyno.cgroup.memoryKills() > 0) {
            // The kernel killed one process of several: the dyno as a whole is over its limit.
            kill(dyno);
            return;
        }
        long quota = dyno.spec.size().memoryBytes();
        long used = dyno.cgroup.memoryBytes();
        if (used > quota) {
            long counted = used - dyno.cgroup.inactiveFileBytes();
            if (counted > quota && dyno.reportsOverQuota(timers.now(), OVER_QUOTA_PERIOD)) {
                tell(new DynoEvent.OverQuota(dyno.id(), counted, quota));
            }
        }
    }

    @Override
    public List<EngineDyno> list() {
        List<EngineDyno> seen = new ArrayList<>();
        for (LocalDyno dyno : dynos.values()) {
            look(dyno);
            seen.add(dyno.seen(host, network));
        }
        return List.copyOf(seen);
    }

    @Override
    public void forget(DynoId id) {
        LocalDyno dyno = dynos.get(id);
        if (dyno == null || !dyno.ended()) {
            return;
        }
        synchronized (dyno.forgetting) {
            if (dynos.get(id) == dyno) {
                launcher.forget(dyno);
                dynos.remove(id);
            }
        }
    }

    @Override
    public Attachment attach(DynoId id) {
        LocalDyno dyno = dynos.get(id);
        if (dyno == null || !dyno.spec.stdio().attached()) {
            throw new IllegalStateException("dyno " + id + " cannot be attached to");
        }
        if (!dyno.claimAttachment()) {
            throw new IllegalStateException("dyno " + id + " is attached already");
        }
        awaitCreated(dyno);
        if (dyno.ended() || dyno.life().begun().isPresent()) {
            throw new IllegalStateException(
                    "dyno "
                            + id
                            + " cannot be attached to: it has "
                            + dyno.life().exit().map(exit -> "ended " + exit).orElse("begun"));
        }
        try {
            Attachment attachment = dyno.keeper.attach(dyno.files);
            Optional<Exit> failure = begin(dyno);
            failure.ifPresent(exit -> fail(dyno, exit));
            look(dyno);
            return attachment;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot attach to dyno " + id + ": " + e.getMessage(), e);
        }
    }

    private static void awaitCreated(LocalDyno dyno) {
        try {
            if (!dyno.created.await(CREATION_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("dyno " + dyno.id() + " was not created in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while attaching", e);
        }
    }

    @Override
    public DynoOutput output(DynoId id, long cursor) {
        LocalDyno dyno = dynos.get(id);
        if (dyno == null) {
            LogFiles none =
                    new LogFiles(
                            DynoFiles.of(settings, id).log(), Conmon.LOG_FULL, OptionalLong::empty);
            return new ConmonLog(none, cursor, new LogParser(), () -> true);
        }
        logs.add(dyno.files.disk(), dyno.log);
        return new ConmonLog(dyno.log, cursor, dyno.keeper.parser(), dyno::ended);
    }

    @Override
    public Optional<DynoUsage> usage(DynoId id) {
        return Optional.ofNullable(dynos.get(id))
                .filter(dyno -> dyno.life().begun().isPresent() && !dyno.ended())
                .map(dyno -> new CgroupUsage(dyno.cgroup, PROCESSES).read());
    }

    @Override
    public void discard(AppId app) {
        launcher.discard(app);
    }

    @Override
    public void discard(AppId app, UUID slug) {
        boolean used =
                dynos.values().stream()
                        .filter(dyno -> dyno.spec.app().equals(app) && !dyno.ended())
                        .anyMatch(dyno ->
                                dyno.spec.slug().filter(ref -> ref.id().equals(slug)).isPresent());
        if (!used) {
            slugs.discard(app, slug);
        }
    }

    @Override
    public List<EngineHost> hosts() {
        long reserved =
                dynos.values().stream()
                        .filter(dyno -> !dyno.ended())
                        .mapToLong(dyno -> dyno.spec.size().memoryBytes())
                        .sum();
        long memory = memoryBytes();
        return List.of(new EngineHost(host, true, memory, Math.max(0, memory - reserved)));
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

    /// Removes the namespaces kept ahead, and the rules of the network when no dyno is left; for `down`. The next
    /// engine makes them anew.
    public void standDown() {
        network.drain();
        if (dynos.isEmpty()) {
            firewall.lower();
        }
    }

    @Override
    public void close() {
        closed = true;
        network.close();
        exits.close();
        logs.close();
    }

    /// Ends every dyno of a platform at once and removes all that engines of it left on this machine, the data
    /// directory included. No engine of the platform may be open.
    public static void purge(Path runtime, Path data, String hash) {
        Cgroup platform = platformCgroup(Cgroup.Hierarchies.detect(), hash);
        platform.killBelow();
        for (String name : Directory.names(runtime.resolve(DynoFiles.DYNOS))) {
            ProcessIdentity.noted(
                            runtime.resolve(DynoFiles.DYNOS).resolve(name).resolve("conmon.pid"))
                    .filter(beside -> Keepers.isOne(beside, name))
                    .ifPresent(beside -> Signals.send(beside, Signals.KILL));
        }
        platform.remove();
        DynoNetwork.purge(hash);
        Firewall firewall = Firewall.of(hash, registry(runtime));
        firewall.lower();
        CrunMounts.remove(runtime.resolve(MOUNTS));
        for (String name :
                List.of(
                        DynoFiles.DYNOS,
                        DynoFiles.EXITS,
                        DynoFiles.SOCKETS,
                        OciRuntime.Kind.CRUN.program(),
                        OciRuntime.Kind.RUNC.program(),
                        "stack",
                        "users",
                        "unpack",
                        DATA_LINK)) {
            Directory.remove(runtime.resolve(name));
        }
        Directory.remove(data);
        Directory.removeEmpty(runtime);
        if (new Registry(registry(runtime)).release(hash)) {
            firewall.restoreForwarding();
        }
    }
}
