package dev.paddock.manifold;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Tick;
import dev.paddock.core.VirtualTime;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.EngineDyno;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// What the manifold told, as a database that may be away keeps it, and what it did, to be audited afterwards.
final class Ledger implements ManifoldListener {
    /// How long after the database is back the last of what waited for it is told.
    private static final Duration LATE_NEWS = Duration.ofSeconds(15);

    private final VirtualTime time;
    private final List<Event> events = new ArrayList<>();
    private final Map<DynoId, DynoState> states = new HashMap<>();
    private final Map<DynoId, Tick> ups = new HashMap<>();
    private final Set<DynoId> ended = new HashSet<>();
    private final List<Notice> notices = new ArrayList<>();
    private final List<DynoTransition> transitions = new ArrayList<>();
    private Consumer<AppId> onChange = _ -> {};
    private final List<Preboot> outcomes = new ArrayList<>();
    private BiConsumer<AppId, Preboot> onPreboot = (_, _) -> {};
    private boolean away;
    private Optional<Tick> awaySince = Optional.empty();
    private Tick back = new Tick(0);
    private boolean platformRestarted;

    Ledger(VirtualTime time) {
        this.time = time;
    }

    void onChange(Consumer<AppId> next) {
        onChange = next;
    }

    void onPreboot(BiConsumer<AppId, Preboot> next) {
        onPreboot = next;
    }

    List<Preboot> outcomes() {
        return outcomes;
    }

    void databaseGoesAway() {
        away = true;
        awaySince = Optional.of(time.now());
    }

    void databaseIsBack() {
        away = false;
        back = time.now();
    }

    @Override
    public void transition(DynoTransition transition) {
        if (away) {
            throw new IllegalStateException("the database is away");
        }
        DynoId id = transition.dyno();
        DynoState before = states.getOrDefault(id, DynoState.CREATED);
        if (transition.from() != before) {
            // After a kill -9 the new platform tells again what it finds.
            assertThat(platformRestarted).as("%s after %s", transition, before).isTrue();
        }
        transitions.add(transition);
        states.put(id, transition.to());
        if (transition.to() == DynoState.UP) {
            ups.putIfAbsent(id, transition.tick());
        }
        if (transition.isEnd() && ended.add(id) && transition.kind() == DynoKind.FORMATION) {
            if (transition.to() == DynoState.CRASHED) {
                crashed(transition);
            } else {
                events.add(new Event.End(keyOf(transition), id, transition.tick()));
            }
        }
    }

    private static Key keyOf(DynoTransition transition) {
        return new Key(transition.app(), transition.name());
    }

    private void crashed(DynoTransition transition) {
        Optional<Duration> uptime =
                Optional.ofNullable(ups.get(transition.dyno()))
                        .map(up -> transition.tick().since(up));
        events.add(new Event.Crash(keyOf(transition), transition, uptime));
    }

    @Override
    public void prebooted(AppId app, Preboot outcome) {
        if (away) {
            throw new IllegalStateException("the database is away");
        }
        outcomes.add(outcome);
        if (outcome instanceof Preboot.GivenUp) {
            // The crashes of those that were given up are not held against those that serve; while
            // the database was
            // away that was concluded long before it is told.
            Tick since =
                    awaySince
                            .filter(_ -> time.now().isBefore(back.plus(LATE_NEWS)))
                            .orElse(time.now());
            events.add(new Event.Reset(Optional.of(app), Optional.empty(), time.now(), since));
        }
        onPreboot.accept(app, outcome);
    }

    @Override
    public void changed(AppId app) {
        onChange.accept(app);
    }

    @Override
    public void notice(AppId app, Notice notice) {
        notices.add(notice);
    }

    List<Notice> notices() {
        return notices;
    }

    List<DynoTransition> transitions() {
        return transitions;
    }

    boolean isCommitted(DynoId id) {
        return ended.contains(id);
    }

    void started(DynoSpec spec) {
        if (spec.kind() == DynoKind.FORMATION) {
            events.add(new Event.Start(new Key(spec.app(), spec.name()), spec.id(), time.now()));
        }
    }

    /// A new process of the platform knows of no crash and tells again what it finds.
    void platformRestarts() {
        platformRestarted = true;
        forgetCrashes();
        events.add(new Event.NewPlatform(time.now()));
    }

    /// As at each start of a platform: what no host has any more is ended in the record.
    void settle(Set<DynoId> gone) {
        ended.addAll(gone);
    }

    /// From now on crashes that were may be forgotten, by every name.
    void forgetCrashes() {
        events.add(new Event.Reset(Optional.empty(), Optional.empty(), time.now(), time.now()));
    }

    void wanted(Desired before, Desired next) {
        if (!before.release().equals(next.release())) {
            events.add(
                    new Event.Reset(
                            Optional.of(next.app()), Optional.empty(), time.now(), time.now()));
        }
        events.add(
                new Event.Reset(
                        Optional.of(next.app()), Optional.of(next), time.now(), time.now()));
    }

    void assertEndsAreKnown(List<EngineDyno> present) {
        Set<DynoId> running = new HashSet<>();
        present.forEach(dyno -> running.add(dyno.spec().id()));
        states.forEach((id, state) -> {
            // What vanished while the platform was dead is nobody's to conclude here.
            if (!running.contains(id) && !platformRestarted) {
                assertThat(state)
                        .as("the end of %s", id)
                        .isIn(DynoState.CRASHED, DynoState.DOWN, DynoState.COMPLETE);
            }
        });
    }

    /// Counts crashes anew, from ticks alone, and looks for starts that came too early.
    void assertRestartsKeptTheirPauses() {
        Map<Key, Pause> pauses = new HashMap<>();
        Map<AppId, Desired> wanted = new HashMap<>();
        Map<Key, Deque<DynoId>> started = new HashMap<>();
        List<Event.Start> tooEarly = new ArrayList<>();
        List<Event> inOrder = new ArrayList<>(events);
        // Of what happened at one moment the most lenient order is assumed.
        inOrder.sort(Comparator.comparing(Event::at).thenComparingInt(Event::rank));
        for (Event event : inOrder) {
            switch (event) {
                case Event.Crash(Key key, DynoTransition crash, Optional<Duration> uptime) -> {
                    Desired desired = wanted.get(key.app);
                    Deque<DynoId> all = started.getOrDefault(key, new ArrayDeque<>());
                    boolean carriedTheName = crash.dyno().equals(all.peekLast());
                    all.remove(crash.dyno());
                    if (!carriedTheName || desired == null || !wants(desired, key.name)) {
                        continue;
                    }
                    if (isOutdated(crash, desired)) {
                        // Its successor was decided upon, though maybe not yet started.
                        continue;
                    }
                    Pause last = pauses.getOrDefault(key, Pause.NONE);
                    boolean forgiven = last.forgives(key.name, uptime);
                    int crashes = forgiven || last.survivedBy(uptime) ? 1 : last.crashes + 1;
                    Duration pause = Simulation.RESTARTS.pause(crashes);
                    pauses.put(
                            key,
                            new Pause(
                                    crashes,
                                    forgiven ? last.forgiven + 1 : 0,
                                    pause,
                                    crash.tick().plus(pause)));
                }
                case Event.Start start -> {
                    started.computeIfAbsent(start.key, _ -> new ArrayDeque<>()).add(start.id);
                    if (start.at.isBefore(pauses.getOrDefault(start.key, Pause.NONE).until)) {
                        tooEarly.add(start);
                    }
                }
                // Of several dynos it finds under one name it takes any as the one that counts.
                case Event.NewPlatform _ -> started.clear();
                // One that came up beside another (preboot) may leave the name to it again.
                case Event.End(Key key, DynoId id, _) ->
                        started.getOrDefault(key, new ArrayDeque<>()).remove(id);
                case Event.Reset(Optional<AppId> app, Optional<Desired> desired, _, Tick since) -> {
                    desired.ifPresent(it -> wanted.put(it.app(), it));
                    pauses.keySet().removeIf(key -> isReset(key, app, desired));
                    tooEarly.removeIf(
                            start -> !start.at.isBefore(since) && isReset(start.key, app, desired));
                }
            }
        }
        assertThat(tooEarly).as("starts before the pause was over").isEmpty();
    }

    private static boolean isOutdated(DynoTransition crash, Desired desired) {
        return desired.types().stream()
                .filter(type -> type.type().equals(crash.name().type()))
                .anyMatch(type ->
                        desired.outdates(type, crash.release(), crash.size(), type.command()));
    }

    private static boolean isReset(Key key, Optional<AppId> app, Optional<Desired> kept) {
        return app.map(key.app::equals).orElse(true)
                && !kept.map(it -> wants(it, key.name)).orElse(false);
    }

    private static boolean wants(Desired desired, DynoName name) {
        return desired.types().stream()
                .anyMatch(type ->
                        type.type().equals(name.type()) && name.number() <= type.quantity());
    }

    private record Key(AppId app, DynoName name) {}

    private record Pause(int crashes, int forgiven, Duration pause, Tick until) {
        static final Pause NONE = new Pause(0, 0, Duration.ZERO, new Tick(0));

        /// A web dyno that was restarted at once and then served.
        boolean forgives(DynoName name, Optional<Duration> uptime) {
            return name.type().equals(ProcessType.WEB)
                    && crashes == 1
                    && forgiven < 30
                    && !survivedBy(uptime)
                    && uptime.filter(it -> it.compareTo(Duration.ofSeconds(1)) > 0).isPresent();
        }

        boolean survivedBy(Optional<Duration> uptime) {
            Duration needed =
                    pause.compareTo(Duration.ofSeconds(60)) > 0 ? pause : Duration.ofSeconds(60);
            return uptime.filter(it -> it.compareTo(needed) > 0).isPresent();
        }
    }

    /// What the audit needs, by time.
    private sealed interface Event {
        Tick at();

        default int rank() {
            return switch (this) {
                case Start _ -> 0;
                case Crash _, End _ -> 1;
                case Reset _ -> 2;
                case NewPlatform _ -> 3;
            };
        }

        record NewPlatform(Tick at) implements Event {}

        record Crash(Key key, DynoTransition transition, Optional<Duration> uptime)
                implements Event {
            @Override
            public Tick at() {
                return transition.tick();
            }
        }

        record End(Key key, DynoId id, Tick at) implements Event {}

        record Start(Key key, DynoId id, Tick at) implements Event {}

        /// @param since when it may have been concluded at the earliest
        record Reset(Optional<AppId> app, Optional<Desired> except, Tick at, Tick since)
                implements Event {}
    }
}
