package dev.paddock.dyno;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import dev.paddock.dyno.Exit.Cause;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/// An engine in memory: each dyno does what the script says for it, on the clock given, and a test may end dynos,
/// kill hosts and lose events. Safe for any thread as far as its timers are.
public final class FakeEngine implements Engine {
    private static final Duration NOW = Duration.ZERO;
    private static final long MEMORY = 8L << 30;
    private static final DynoUsage IDLE =
            new DynoUsage(
                    Duration.ofMillis(30),
                    new DynoUsage.Memory(4 << 20, 1 << 20, 0, Optional.empty()),
                    0);

    private final Timers timers;
    private final Object lock = new Object();
    private final Map<DynoId, FakeDyno> dynos = new LinkedHashMap<>();
    private final Map<String, FakeHost> hosts = new LinkedHashMap<>();
    private final List<Call> calls = new ArrayList<>();
    private Function<DynoSpec, Script> script = spec -> Script.RUNS;
    private Predicate<DynoEvent> delivered = event -> true;
    private Consumer<DynoEvent> events = event -> {};
    private int placements;

    public FakeEngine(Timers timers) {
        this.timers = timers;
        hosts("host-1");
    }

    /// What dynos do from now on; asked once per start.
    public FakeEngine script(Function<DynoSpec, Script> script) {
        synchronized (lock) {
            this.script = script;
        }
        return this;
    }

    /// Events that do not match are lost.
    public FakeEngine deliver(Predicate<DynoEvent> delivered) {
        synchronized (lock) {
            this.delivered = delivered;
        }
        return this;
    }

    /// The machines that dynos are spread over, replacing the single `host-1`.
    public FakeEngine hosts(String... names) {
        return hosts(MEMORY, names);
    }

    public FakeEngine hosts(long memoryBytes, String... names) {
        synchronized (lock) {
            hosts.clear();
            for (String name : names) {
                hosts.put(name, new FakeHost(name, hosts.size(), memoryBytes));
            }
        }
        return this;
    }

    /// A machine dies: its dynos are gone without an exit, and so are their records. When it is revived it gives their
    /// addresses out again.
    public void killHost(String name) {
        synchronized (lock) {
            FakeHost host = host(name);
            boolean known = host.isAlive();
            host.die();
            for (FakeDyno dyno : List.copyOf(dynos.values())) {
                if (dyno.host == host) {
                    dynos.remove(dyno.spec.id());
                    if (known) {
                        announce(new DynoEvent.Lost(dyno.spec.id()));
                    }
                }
            }
        }
    }

    /// A machine is not reached any more, though its dynos go on running; it comes back with them.
    public void cutOff(String name) {
        synchronized (lock) {
            FakeHost host = host(name);
            if (host.isAlive()) {
                host.leave();
                dynos.values().stream()
                        .filter(dyno -> dyno.host == host)
                        .forEach(dyno -> announce(new DynoEvent.Lost(dyno.spec.id())));
            }
        }
    }

    public void reviveHost(String name) {
        synchronized (lock) {
            host(name).join();
        }
    }

    private FakeHost host(String name) {
        FakeHost host = hosts.get(name);
        if (host == null) {
            throw new IllegalArgumentException("no host " + name);
        }
        return host;
    }

    /// Whom a request to this address reaches: a dyno that runs, be its host cut off or not.
    public Optional<DynoSpec> at(DynoAddress address) {
        synchronized (lock) {
            return dynos.values().stream()
                    .filter(dyno ->
                            dyno.exit.isEmpty() && dyno.address().equals(Optional.of(address)))
                    .map(dyno -> dyno.spec)
                    .findFirst();
        }
    }

    /// Ends a dyno as if its command ended by itself.
    public void exit(DynoId id, int status) {
        exit(id, Exit.of(status));
    }

    public void exit(DynoId id, Exit exit) {
        synchronized (lock) {
            FakeDyno dyno = dynos.get(id);
            if (dyno != null) {
                end(dyno, exit);
            }
        }
    }

    /// Sends an event as the engine would, for instance [DynoEvent.OverQuota].
    public void emit(DynoEvent event) {
        synchronized (lock) {
            announce(event);
        }
    }

    /// What a dyno uses from now on.
    public void use(DynoId id, DynoUsage usage) {
        synchronized (lock) {
            FakeDyno dyno = dynos.get(id);
            if (dyno != null) {
                dyno.usage = usage;
            }
        }
    }

    /// A line of output of a dyno, kept for [#output] and seen by whoever is attached.
    public void print(DynoId id, String text) {
        synchronized (lock) {
            FakeDyno dyno = dynos.get(id);
            if (dyno != null) {
                dyno.streams.print(timers.date(), text);
            }
        }
    }

    /// What was written to the input of an attached dyno so far.
    public byte[] typed(DynoId id) {
        synchronized (lock) {
            FakeDyno dyno = dynos.get(id);
            return dyno == null ? new byte[0] : dyno.streams.typed();
        }
    }

    /// Everything the engine was asked to do, in order.
    public List<Call> calls() {
        synchronized (lock) {
            return List.copyOf(calls);
        }
    }

    /// Specs of the dynos that run: started and not ended.
    public List<DynoSpec> running() {
        return list().stream().filter(dyno -> dyno.exit().isEmpty()).map(EngineDyno::spec).toList();
    }

    @Override
    public void listen(Consumer<DynoEvent> events) {
        synchronized (lock) {
            this.events = events;
        }
    }

    @Override
    public void start(DynoSpec spec) {
        synchronized (lock) {
            start(spec, chooseHost());
        }
    }

    @Override
    public boolean start(DynoSpec spec, EngineHost on) {
        synchronized (lock) {
            FakeHost host = host(on.name());
            if (host.isAlive(on.generation())) {
                start(spec, host);
                return true;
            }
            return false;
        }
    }

    private void start(DynoSpec spec, FakeHost host) {
        calls.add(new Call.Start(spec));
        if (dynos.containsKey(spec.id())) {
            throw new IllegalStateException("dyno " + spec.id() + " was started before");
        }
        Script does = script.apply(spec);
        does.refusal()
                .ifPresent(reason -> {
                    throw new IllegalStateException(reason);
                });
        FakeDyno dyno = new FakeDyno(spec, does, host);
        dynos.put(spec.id(), dyno);
        does.place().ifPresent(delay -> later(delay, dyno, () -> place(dyno)));
    }

    private FakeHost chooseHost() {
        List<FakeHost> alive = hosts.values().stream().filter(FakeHost::isAlive).toList();
        if (alive.isEmpty()) {
            throw new IllegalStateException("no host is alive");
        }
        return alive.get(placements++ % alive.size());
    }

    private void place(FakeDyno dyno) {
        if (dyno.does.launchFailure().isPresent()) {
            end(dyno, new Exit(1, Cause.LAUNCH_FAILED, dyno.does.launchFailure().get()));
            return;
        }
        if (dyno.spec.web()) {
            dyno.slot = dyno.host.takeSlot();
        }
        send(new DynoEvent.Placed(dyno.spec.id(), dyno.host.name(), dyno.address()), dyno);
        dyno.placed = true;
        if (dyno.attached || !dyno.spec.stdio().attached()) {
            begin(dyno);
        }
    }

    private void begin(FakeDyno dyno) {
        dyno.begun = Optional.of(timers.now());
        if (dyno.spec.web()) {
            dyno.does.up().ifPresent(delay -> later(delay, dyno, () -> up(dyno)));
        } else {
            up(dyno);
        }
        dyno.does.exit().ifPresent(exit -> later(exit.after(), dyno, () -> end(dyno, exit.exit())));
    }

    private void up(FakeDyno dyno) {
        dyno.up = true;
        send(new DynoEvent.Up(dyno.spec.id()), dyno);
    }

    private void end(FakeDyno dyno, Exit exit) {
        if (dyno.exit.isEmpty()) {
            dyno.exit = Optional.of(exit);
            dyno.ended = Optional.of(timers.now());
            dyno.up = false;
            dyno.streams.end();
            send(new DynoEvent.Exited(dyno.spec.id(), exit), dyno);
        }
    }

    @Override
    public void retire(DynoId id, Duration grace) {
        synchronized (lock) {
            calls.add(new Call.Retire(id, grace));
            FakeDyno dyno = dynos.get(id);
            if (dyno == null || dyno.exit.isPresent() || !dyno.host.isAlive()) {
                return;
            }
            dyno.retiring = true;
            Duration willing = dyno.does.stop();
            if (grace.isZero()) {
                later(NOW, dyno, () -> end(dyno, new Exit(137, Cause.PROCESS, "")));
            } else if (willing.compareTo(grace) > 0) {
                later(grace, dyno, () -> end(dyno, new Exit(137, Cause.GRACE_EXPIRED, "")));
            } else {
                later(willing, dyno, () -> end(dyno, Exit.of(143)));
            }
        }
    }

    @Override
    public void hangUp(DynoId id) {
        synchronized (lock) {
            calls.add(new Call.HangUp(id));
            FakeDyno dyno = dynos.get(id);
            if (dyno != null && dyno.host.isAlive() && dyno.does.heedsHangUp()) {
                later(NOW, dyno, () -> end(dyno, Exit.of(129)));
            }
        }
    }

    @Override
    public List<EngineDyno> list() {
        synchronized (lock) {
            return dynos.values().stream()
                    .filter(dyno -> dyno.host.isAlive())
                    .map(FakeDyno::seen)
                    .toList();
        }
    }

    @Override
    public void forget(DynoId id) {
        synchronized (lock) {
            calls.add(new Call.Forget(id));
            FakeDyno dyno = dynos.get(id);
            if (dyno != null && dyno.exit.isPresent() && dyno.host.isAlive()) {
                dynos.remove(id);
                dyno.host.freeSlot(dyno.slot);
            }
        }
    }

    @Override
    public Attachment attach(DynoId id) {
        synchronized (lock) {
            FakeDyno dyno = dynos.get(id);
            if (dyno == null || !dyno.spec.stdio().attached()) {
                throw new IllegalStateException("dyno " + id + " cannot be attached to");
            }
            if (dyno.attached) {
                throw new IllegalStateException("dyno " + id + " is attached already");
            }
            dyno.attached = true;
            if (dyno.placed) {
                later(NOW, dyno, () -> begin(dyno));
            }
            return dyno.streams;
        }
    }

    @Override
    public DynoOutput output(DynoId id, long cursor) {
        synchronized (lock) {
            FakeDyno dyno = dynos.get(id);
            return dyno == null ? new FakeStreams().output(cursor) : dyno.streams.output(cursor);
        }
    }

    @Override
    public Optional<DynoUsage> usage(DynoId id) {
        synchronized (lock) {
            return Optional.ofNullable(dynos.get(id))
                    .filter(dyno -> dyno.begun.isPresent() && dyno.exit.isEmpty())
                    .map(dyno -> dyno.usage);
        }
    }

    @Override
    public void expect(AppId app, ReleaseVersion release) {
        synchronized (lock) {
            calls.add(new Call.Expect(app, release));
        }
    }

    @Override
    public void discard(AppId app) {
        synchronized (lock) {
            calls.add(new Call.DiscardApp(app));
        }
    }

    @Override
    public void discard(AppId app, UUID slug) {
        synchronized (lock) {
            calls.add(new Call.DiscardSlug(app, slug));
        }
    }

    @Override
    public List<EngineHost> hosts() {
        synchronized (lock) {
            return hosts.values().stream().map(host -> host.seen(reserved(host))).toList();
        }
    }

    private long reserved(FakeHost host) {
        return dynos.values().stream()
                .filter(dyno -> dyno.host == host && dyno.exit.isEmpty())
                .mapToLong(dyno -> dyno.spec.size().memoryBytes())
                .sum();
    }

    @Override
    public List<String> weaknesses() {
        return List.of();
    }

    @Override
    public void close() {
        synchronized (lock) {
            events = event -> {};
        }
    }

    /// Events travel on the timers, so that no caller meets its own event inside a call.
    private void send(DynoEvent event, FakeDyno dyno) {
        if (dyno.host.isAlive()) {
            announce(event);
        }
    }

    private void announce(DynoEvent event) {
        if (delivered.test(event)) {
            Consumer<DynoEvent> to = events;
            timers.schedule(NOW, () -> to.accept(event));
        }
    }

    private void later(Duration delay, FakeDyno dyno, Runnable step) {
        timers.schedule(
                delay,
                () -> {
                    synchronized (lock) {
                        // The dyno may have ended, or gone with its host, in the meantime.
                        if (dynos.get(dyno.spec.id()) == dyno && dyno.exit.isEmpty()) {
                            step.run();
                        }
                    }
                });
    }

    /// What one dyno does.
    ///
    /// @param place from start to its place; empty: the start hangs for ever
    /// @param up from the begin of its command to accepting connections, for web dynos; empty: never
    /// @param exit present: the command ends by itself
    /// @param launchFailure present: it cannot be started, for this reason
    /// @param stop from SIGTERM to its end with status 143
    /// @param refusal present: the call of `start` fails, for this reason
    public record Script(
            Optional<Duration> place,
            Optional<Duration> up,
            Optional<After> exit,
            Optional<String> launchFailure,
            Duration stop,
            boolean heedsHangUp,
            Optional<String> refusal) {
        /// Starts in 10 ms, accepts in 20 ms, runs until it is stopped, which takes 50 ms.
        public static final Script RUNS =
                new Script(
                        Optional.of(Duration.ofMillis(10)),
                        Optional.of(Duration.ofMillis(20)),
                        Optional.empty(),
                        Optional.empty(),
                        Duration.ofMillis(50),
                        true,
                        Optional.empty());

        public Script exits(Duration after, int status) {
            return exits(after, Exit.of(status));
        }

        public Script exits(Duration after, Exit with) {
            return new Script(
                    place,
                    up,
                    Optional.of(new After(after, with)),
                    launchFailure,
                    stop,
                    heedsHangUp,
                    refusal);
        }

        public Script neverPlaced() {
            return new Script(
                    Optional.empty(), up, exit, launchFailure, stop, heedsHangUp, refusal);
        }

        public Script placedAfter(Duration delay) {
            return new Script(
                    Optional.of(delay), up, exit, launchFailure, stop, heedsHangUp, refusal);
        }

        public Script neverUp() {
            return new Script(
                    place, Optional.empty(), exit, launchFailure, stop, heedsHangUp, refusal);
        }

        public Script upAfter(Duration delay) {
            return new Script(
                    place, Optional.of(delay), exit, launchFailure, stop, heedsHangUp, refusal);
        }

        public Script failsToLaunch(String reason) {
            return new Script(place, up, exit, Optional.of(reason), stop, heedsHangUp, refusal);
        }

        public Script stopsAfter(Duration delay) {
            return new Script(place, up, exit, launchFailure, delay, heedsHangUp, refusal);
        }

        public Script ignoresHangUp() {
            return new Script(place, up, exit, launchFailure, stop, false, refusal);
        }

        public Script refuses(String reason) {
            return new Script(
                    place, up, exit, launchFailure, stop, heedsHangUp, Optional.of(reason));
        }

        /// How and when the command ends, counted from its begin.
        public record After(Duration after, Exit exit) {}
    }

    /// Something the engine was asked to do.
    public sealed interface Call {
        record Start(DynoSpec spec) implements Call {}

        record Retire(DynoId id, Duration grace) implements Call {}

        record HangUp(DynoId id) implements Call {}

        record Forget(DynoId id) implements Call {}

        record Expect(AppId app, ReleaseVersion release) implements Call {}

        record DiscardApp(AppId app) implements Call {}

        record DiscardSlug(AppId app, UUID slug) implements Call {}
    }

    private static final class FakeDyno {
        private final DynoSpec spec;
        private final Script does;
        private final FakeHost host;
        private final FakeStreams streams = new FakeStreams();
        private int slot;
        private boolean placed;
        private boolean attached;
        private boolean up;
        private boolean retiring;
        private DynoUsage usage = IDLE;
        private Optional<Tick> begun = Optional.empty();
        private Optional<Tick> ended = Optional.empty();
        private Optional<Exit> exit = Optional.empty();

        private FakeDyno(DynoSpec spec, Script does, FakeHost host) {
            this.spec = spec;
            this.does = does;
            this.host = host;
        }

        private Optional<DynoAddress> address() {
            return slot == 0 ? Optional.empty() : Optional.of(host.address(slot));
        }

        private EngineDyno seen() {
            return new EngineDyno(spec, host.name(), address(), up, retiring, begun, ended, exit);
        }
    }
}
