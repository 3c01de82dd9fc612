package dev.paddock.manifold;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.Exit;
import dev.paddock.manifold.ManifoldListener.Notice;
import dev.paddock.manifold.ObservedDyno.Ending;
import dev.paddock.manifold.ObservedDyno.Forget;
import dev.paddock.manifold.ObservedDyno.HangUp;
import dev.paddock.manifold.ObservedDyno.Placement;
import dev.paddock.manifold.ObservedDyno.Retirement;
import dev.paddock.manifold.ObservedDyno.Routing;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// Folds everything that happens to an app's dynos into [Observed] and concludes the transitions. Does nothing else:
/// no engine, no waiting. Owned by the app loop.
final class Observer {
    /// A dyno that stayed up at least this long has recovered, however short the last pause was.
    static final Duration RECOVERED = Duration.ofSeconds(60);

    /// A web dyno that was up at least this long did not fail to start: it was restarted well and then died of something
    /// else, so that the next start need not wait.
    static final Duration SERVED = Duration.ofSeconds(1);

    /// Deaths in a row that are forgiven for having [#SERVED]; one that goes on dying has its pauses after them.
    static final int FORGIVEN = 30;

    /// A dyno that waits for a host less than this is not worth a line in the log.
    static final Duration QUIET_WAIT = Duration.ofSeconds(5);

    /// Hang-ups without effect until the log says so (R16).
    static final int PATIENT_HANG_UPS = 3;

    /// Of two dynos of one name the one that serves is kept, and of two that do the one that began later: the other one
    /// was replaced, and is back with its host or was about to be stopped.
    private static final Comparator<EngineDyno> BEST_FIRST =
            Comparator.comparing(EngineDyno::up)
                    .thenComparing(dyno -> dyno.begun().orElse(new Tick(Long.MIN_VALUE)))
                    .reversed();

    private final Timers timers;
    private final RestartPolicy restarts;
    private final Consumer<Fact> facts;
    private Observed observed;
    private Desired desired;

    /// The newest release that was given up because its web dynos did not come up.
    private ReleaseVersion givenUp = ReleaseVersion.NONE;

    Observer(
            AppId app,
            boolean adopted,
            Timers timers,
            RestartPolicy restarts,
            Consumer<Fact> facts) {
        this.timers = timers;
        this.restarts = restarts;
        this.facts = facts;
        this.observed = Observed.nothing(app, adopted);
        this.desired = Desired.nothing(app);
    }

    Observed observed() {
        return observed;
    }

    Desired desired() {
        return desired;
    }

    /// A new release, which a config change is too, gives crashed dynos a new chance; a scaling does not.
    ///
    /// Numbers of releases only grow, so a wish for an older one was overtaken, unless the newer one was given up; only
    /// "no release" always counts.
    void want(Desired next) {
        boolean older = next.release().compareTo(desired.release()) < 0;
        boolean overtaken = older && desired.release().compareTo(givenUp) > 0;
        if (overtaken && !next.release().equals(ReleaseVersion.NONE)) {
            return;
        }
        if (!next.release().equals(desired.release())) {
            observed = observed.withBackoffs(Map.of());
        }
        if (!next.release().equals(desired.release()) || !next.types().equals(desired.types())) {
            observed = observed.withWaiting(Map.of());
        }
        remarkWaking(next);
        desired = next;
        Map<DynoName, Backoff> kept = new TreeMap<>(observed.backoffs());
        if (observed.refused().isPresent() && !Preboot.Target.of(next).equals(observed.refused())) {
            observed = observed.withRefused(Optional.empty());
            kept.keySet().removeIf(name -> name.type().isWeb());
        }
        kept.keySet().removeIf(name -> next.asleepSince().isPresent() || !isWanted(name));
        observed = observed.withBackoffs(kept);
        if (next.asleepSince().isPresent()) {
            observed = observed.withWaiting(Map.of());
        }
        if (next.types().stream().anyMatch(type -> type.quantity() > 0)) {
            observed = observed.withQuieting(false);
        }
    }

    private void remarkWaking(Desired next) {
        if (desired.asleepSince().isPresent() && next.asleepSince().isEmpty()) {
            next.names().forEach(name -> remark(new Notice.Unidling(name)));
        }
    }

    private boolean isWanted(DynoName name) {
        return desired.types().stream()
                .anyMatch(type ->
                        type.type().equals(name.type()) && name.number() <= type.quantity());
    }

    void restart(Optional<ProcessType> type, Optional<DynoName> name) {
        Map<DynoName, Backoff> kept = new TreeMap<>(observed.backoffs());
        kept.keySet().removeIf(it -> matches(it, type, name));
        observed = observed.withBackoffs(kept);
        Preboot preboot = Preboot.of(desired, observed);
        for (ObservedDyno dyno : List.copyOf(observed.all())) {
            // While new web dynos come up, they are those that the user means; the old ones serve.
            boolean isMeant = !preboot.isOld(dyno.id()) || preboot.refused();
            if (isMeant
                    && dyno.isFormation()
                    && dyno.isCurrent()
                    && matches(dyno.name(), type, name)) {
                withdraw(dyno, Reason.RESTART, Planner.GRACE);
            }
        }
    }

    private static boolean matches(
            DynoName dyno, Optional<ProcessType> type, Optional<DynoName> name) {
        return type.map(dyno.type()::equals).orElse(true) && name.map(dyno::equals).orElse(true);
    }

    void stop(DynoName name) {
        observed.current(name).ifPresent(dyno -> withdraw(dyno, Reason.STOP, Planner.GRACE));
    }

    void hangUp(DynoId id) {
        observed.dyno(id)
                .filter(dyno -> dyno.hangUp().isEmpty() && dyno.ending().isEmpty())
                .ifPresent(dyno -> set(dyno.with(new HangUp(0, timers.now()))));
    }

    void quiet() {
        observed = observed.withQuieting(true).withWaiting(Map.of());
    }

    void busy(Set<DynoAddress> leaving) {
        observed = observed.withBusy(leaving);
    }

    void acknowledged(long revision) {
        observed = observed.withAcknowledged(revision);
    }

    void start(DynoSpec spec, String host, Reason reason) {
        set(ObservedDyno.starting(spec, host, reason, timers.now(), timers.date()));
        Map<DynoName, Observed.Wait> left = new TreeMap<>(observed.waiting());
        left.remove(spec.name());
        observed = observed.withWaiting(left);
    }

    /// No host has room for a dyno of this name.
    void awaitHost(DynoName name, Reason reason) {
        Observed.Wait wait = observed.waiting().get(name);
        if (wait == null) {
            setWait(name, new Observed.Wait(timers.now(), timers.date(), reason, false));
        } else if (!wait.told() && !timers.now().isBefore(wait.since().plus(QUIET_WAIT))) {
            setWait(name, new Observed.Wait(wait.since(), wait.date(), wait.reason(), true));
            remark(new Notice.NoRoom(name));
        }
    }

    private void setWait(DynoName name, Observed.Wait wait) {
        Map<DynoName, Observed.Wait> more = new TreeMap<>(observed.waiting());
        more.put(name, wait);
        observed = observed.withWaiting(more);
    }

    /// The host on which a dyno was to start was gone: it never began.
    void hostGone(DynoId id) {
        accepted(id);
        ended(id, Optional.empty(), timers.now());
    }

    /// The engine's `start` returned.
    void accepted(DynoId id) {
        observed.dyno(id).ifPresent(dyno -> set(dyno.with(dyno.progress().accepted(timers.now()))));
    }

    /// The engine's `start` threw: the dyno may exist or not, and is treated as one that could not be launched.
    void refused(DynoId id, String detail) {
        accepted(id);
        ended(id, Optional.of(new Exit(1, Exit.Cause.LAUNCH_FAILED, detail)), timers.now());
    }

    void withdraw(DynoId id, Reason reason, Duration grace) {
        observed.dyno(id).ifPresent(dyno -> withdraw(dyno, reason, grace));
    }

    private void withdraw(ObservedDyno dyno, Reason reason, Duration grace) {
        if (!dyno.isCurrent()) {
            return;
        }
        set(dyno.with(new Retirement(reason, grace, timers.now(), Optional.empty())));
        switch (reason) {
            case RESTART -> remark(new Notice.Restarting(dyno.name(), stateOf(dyno)));
            case NOT_ATTACHED -> remark(new Notice.NotAttached(dyno.name()));
            case BOOT_TIMEOUT -> remarkBootTimeout(dyno);
            case IDLE -> remark(new Notice.Idling(dyno.name()));
            case START,
                    UP,
                    EXIT,
                    RESTART_AFTER_CRASH,
                    REPLACED,
                    SCALE_DOWN,
                    STOP,
                    HOST_LOST,
                    COMPLETE -> {}
        }
    }

    /// The new web dynos serve from now on.
    void takeOver() {
        facts.accept(new Fact.Prebooted(new ManifoldListener.Preboot.TookOver(desired.release())));
    }

    /// The new web dynos do not come up; as long as they are wanted the old ones serve.
    void giveUp(String why) {
        Preboot preboot = Preboot.of(desired, observed);
        Preboot.Target target = Preboot.Target.of(desired).orElseThrow();
        Map<DynoName, Observed.Wait> others = new TreeMap<>(observed.waiting());
        others.keySet().removeIf(name -> name.type().isWeb());
        observed = observed.withRefused(Optional.of(target)).withWaiting(others);
        givenUp = target.release();
        facts.accept(
                new Fact.Prebooted(
                        new ManifoldListener.Preboot.GivenUp(
                                target.release(), target.size(), preboot.keptSize(desired), why)));
    }

    private void remarkBootTimeout(ObservedDyno dyno) {
        boolean launched = dyno.progress().placement().isPresent() && dyno.spec().web();
        remark(
                launched
                        ? new Notice.BootTimeout(dyno.name(), bootLimit(dyno.name().type()))
                        : new Notice.LaunchTimeout(dyno.name(), Planner.LAUNCH_LIMIT));
    }

    private Duration bootLimit(ProcessType type) {
        return desired.types().stream()
                .filter(it -> it.type().equals(type))
                .map(Desired.Type::bootLimit)
                .findFirst()
                .orElse(Desired.Type.BOOT_LIMIT);
    }

    void retireAsked(DynoId id, Duration grace) {
        observed = observed.withoutStray(id);
        observed.dyno(id)
                .ifPresent(dyno ->
                        dyno.retirement()
                                .ifPresent(it -> {
                                    set(dyno.with(it.asked(timers.now())));
                                    remarkStopping(dyno, grace);
                                }));
    }

    private void remarkStopping(ObservedDyno dyno, Duration grace) {
        remark(new Notice.Stopping(dyno.name(), grace.isZero() ? "SIGKILL" : "SIGTERM"));
    }

    void retireFailed(DynoId id) {
        observed.dyno(id)
                .ifPresent(dyno -> dyno.retirement().ifPresent(it -> set(dyno.with(it.unasked()))));
    }

    void hangUpAsked(DynoId id) {
        observed.dyno(id)
                .ifPresent(dyno -> {
                    int sent = dyno.hangUp().map(HangUp::sent).orElse(0) + 1;
                    Tick next = timers.now().plus(Planner.HANG_UP_PAUSE);
                    set(dyno.with(new HangUp(sent, next)));
                    if (sent == PATIENT_HANG_UPS) {
                        remark(new Notice.Detached(dyno.name()));
                    }
                });
    }

    void forgetAsked(DynoId id) {
        observed = observed.withoutStray(id);
        ending(id, Ending::asked);
    }

    void forgetFailed(DynoId id) {
        ending(id, Ending::unasked);
    }

    void forgotten(DynoId id) {
        ending(id, ending -> ending.forgotten(timers.now()));
    }

    /// The listener has taken the end of a dyno.
    void committed(DynoId id) {
        ending(id, Ending::commit);
    }

    private void ending(DynoId id, UnaryOperator<Ending> change) {
        observed.dyno(id)
                .ifPresent(dyno -> dyno.ending().ifPresent(it -> set(dyno.with(change.apply(it)))));
    }

    void event(DynoEvent event) {
        Optional<ObservedDyno> known =
                observed.dyno(event.id()).filter(dyno -> dyno.ending().isEmpty());
        if (known.isEmpty()) {
            return;
        }
        if (!saysWhenItBegan(event, known.get())) {
            return;
        }
        switch (event) {
            case DynoEvent.Placed(DynoId id, _, var address) ->
                    placed(id, new Placement(address, timers.now()));
            case DynoEvent.Up(DynoId id) -> up(id);
            case DynoEvent.Exited(DynoId id, Exit exit) ->
                    ended(id, Optional.of(exit), timers.now());
            case DynoEvent.Lost(DynoId id) -> ended(id, Optional.empty(), timers.now());
            case DynoEvent.OverQuota over -> remark(new Notice.OverQuota(known.get().name(), over));
        }
    }

    /// Of a dyno whose placing was lost, only the engine's list knows when its command began, which is what it costs from.
    private static boolean saysWhenItBegan(DynoEvent event, ObservedDyno dyno) {
        return switch (event) {
            case DynoEvent.Placed _, DynoEvent.Lost _, DynoEvent.OverQuota _ -> true;
            case DynoEvent.Up _ -> dyno.progress().placement().isPresent();
            case DynoEvent.Exited(_, Exit exit) ->
                    dyno.progress().placement().isPresent() || couldNotRun(exit);
        };
    }

    /// What the engine has, as of `began` or later. What is missing was lost; what nobody knows is adopted the first
    /// time and unwanted afterwards, for by then everything that is wanted was started here.
    void listed(List<EngineDyno> list, Tick began) {
        Map<DynoId, EngineDyno> listed = new HashMap<>();
        list.forEach(dyno -> listed.put(dyno.spec().id(), dyno));
        for (ObservedDyno dyno : List.copyOf(observed.all())) {
            if (!listed.containsKey(dyno.id())) {
                missing(dyno, began);
            }
        }
        List<EngineDyno> strays = new ArrayList<>();
        List<EngineDyno> inOrder = new ArrayList<>(list);
        if (!observed.adopted()) {
            inOrder.sort(BEST_FIRST);
        }
        for (EngineDyno seen : inOrder) {
            Optional<ObservedDyno> known = observed.dyno(seen.spec().id());
            if (known.isPresent()) {
                compare(known.get(), seen, began, strays);
            } else if (observed.adopted()) {
                strays.add(seen);
            } else {
                adopt(seen, began);
            }
        }
        observed = observed.withListed(strays);
    }

    private void missing(ObservedDyno dyno, Tick began) {
        Optional<Ending> ending = dyno.ending();
        if (ending.isEmpty()) {
            if (dyno.progress().acceptedAt().filter(at -> at.isBefore(began)).isPresent()) {
                ended(dyno.id(), Optional.empty(), timers.now());
            }
        } else if (ending.get().forgottenAt().filter(at -> at.isBefore(began)).isPresent()) {
            observed = observed.without(dyno.id());
        }
    }

    private void compare(ObservedDyno dyno, EngineDyno seen, Tick began, List<EngineDyno> strays) {
        Optional<Ending> ending = dyno.ending();
        if (ending.isEmpty()) {
            catchUp(dyno, seen);
        } else if (ending.get().at().isBefore(began) && seen.exit().isEmpty()) {
            // It was lost, or its start was refused, and yet it runs.
            strays.add(seen);
        } else if (ending.get().forgottenAt().filter(at -> at.isBefore(began)).isPresent()) {
            ending(dyno.id(), Ending::unasked);
        }
    }

    private void catchUp(ObservedDyno dyno, EngineDyno seen) {
        DynoId id = dyno.id();
        boolean placed = seen.begun().isPresent() || seen.address().isPresent();
        if (placed && dyno.progress().placement().isEmpty()) {
            Tick at = seen.begun().orElse(timers.now());
            placed(id, new Placement(seen.address(), at));
        }
        if (seen.up() && !dyno.isUp()) {
            up(id);
        }
        if (seen.exit().isPresent()) {
            ended(id, seen.exit(), seen.ended().orElse(timers.now()));
        }
    }

    private void adopt(EngineDyno seen, Tick began) {
        DynoSpec spec = seen.spec();
        Tick startedAt = seen.begun().orElse(began);
        ObservedDyno dyno =
                ObservedDyno.starting(spec, seen.host(), Reason.START, startedAt, timers.date())
                        // Routers may still serve a table in which it is up.
                        .with(new Routing(seen.address().isPresent(), OptionalLong.empty()));
        dyno = dyno.with(dyno.progress().accepted(began));
        if (seen.exit().isEmpty() && (seen.retiring() || isSurplus(spec))) {
            Optional<Tick> asked = seen.retiring() ? Optional.of(began) : Optional.empty();
            dyno = dyno.with(new Retirement(Reason.SCALE_DOWN, Planner.GRACE, timers.now(), asked));
        }
        set(dyno);
        catchUp(dyno, seen);
    }

    /// Of two dynos of one name one goes at once, unless that is the old one of a change of web dynos (preboot).
    private boolean isSurplus(DynoSpec spec) {
        Optional<Desired.Type> web =
                desired.web().filter(it -> it.type().equals(spec.name().type()));
        return observed.all().stream()
                .filter(dyno -> dyno.isCurrent() && dyno.name().equals(spec.name()))
                .anyMatch(dyno ->
                        web.isEmpty()
                                || (!desired.outdates(web.get(), spec)
                                        && !desired.outdates(web.get(), dyno.spec())));
    }

    private void placed(DynoId id, Placement placement) {
        ObservedDyno dyno = observed.dyno(id).orElseThrow();
        if (dyno.progress().placement().isEmpty()) {
            dyno = dyno.with(dyno.progress().placed(placement));
            set(conclude(dyno, DynoState.STARTING, dyno.cause(), placement.at()));
        }
    }

    private void up(DynoId id) {
        ObservedDyno dyno = started(observed.dyno(id).orElseThrow(), timers.now());
        if (!dyno.isUp()) {
            Tick now = timers.now();
            dyno = dyno.with(dyno.progress().up(now));
            set(conclude(dyno, DynoState.UP, Reason.UP, now));
        }
    }

    /// A dyno that ended or came up was started before, even if nobody said so; one that ended before its command began
    /// ran for no time.
    private ObservedDyno started(ObservedDyno dyno, Tick now) {
        return dyno.told() == DynoState.CREATED
                ? conclude(dyno, DynoState.STARTING, dyno.cause(), now)
                : dyno;
    }

    /// @param at when it ended, which may have been long before it is learned
    private void ended(DynoId id, Optional<Exit> exit, Tick at) {
        Optional<ObservedDyno> known = observed.dyno(id).filter(dyno -> dyno.ending().isEmpty());
        if (known.isEmpty()) {
            return;
        }
        Tick now = timers.now();
        ObservedDyno dyno = started(known.get(), at).with(Ending.of(exit, now));
        Reason reason = endReason(dyno, exit);
        DynoState state = endState(dyno, reason, exit);
        dyno = conclude(dyno, state, reason, at);
        set(dyno);
        if (dyno.isFormation() && state == DynoState.CRASHED) {
            crashed(dyno, now);
        }
    }

    private static Reason endReason(ObservedDyno dyno, Optional<Exit> exit) {
        if (dyno.retirement().isPresent()) {
            return dyno.retirement().get().reason();
        }
        if (exit.isEmpty()) {
            return Reason.HOST_LOST;
        }
        return dyno.isFormation() || couldNotRun(exit.get()) ? Reason.EXIT : Reason.COMPLETE;
    }

    private static DynoState endState(ObservedDyno dyno, Reason reason, Optional<Exit> exit) {
        return switch (reason) {
            case EXIT -> DynoState.CRASHED;
            // Killed for not coming up; if its host died meanwhile, the dyno is not to blame.
            case BOOT_TIMEOUT -> exit.isPresent() ? DynoState.CRASHED : DynoState.DOWN;
            case COMPLETE -> DynoState.COMPLETE;
            case HOST_LOST -> DynoState.DOWN;
            case START,
                    UP,
                    RESTART_AFTER_CRASH,
                    RESTART,
                    REPLACED,
                    SCALE_DOWN,
                    IDLE,
                    STOP,
                    NOT_ATTACHED ->
                    dyno.isFormation() ? DynoState.DOWN : DynoState.COMPLETE;
        };
    }

    private static boolean couldNotRun(Exit exit) {
        return switch (exit.cause()) {
            case LAUNCH_FAILED, CHECKSUM -> true;
            case PROCESS, GRACE_EXPIRED, OUT_OF_MEMORY -> false;
        };
    }

    /// The crash of a dyno whose name another one carries by now, as after a release, is not held against that one.
    private void crashed(ObservedDyno dyno, Tick now) {
        Preboot preboot = Preboot.of(desired, observed);
        boolean isCarried =
                observed.all().stream()
                        .anyMatch(other ->
                                other.isCurrent()
                                        && other.name().equals(dyno.name())
                                        && !preboot.isOld(other.id()));
        if (!isWanted(dyno.name()) || isCarried) {
            return;
        }
        Optional<Backoff> before = Optional.ofNullable(observed.backoffs().get(dyno.name()));
        Optional<Backoff> counting = before.filter(it -> !hasRecovered(dyno, it, now));
        boolean forgiven = counting.filter(it -> isForgiven(dyno, it, now)).isPresent();
        int crashes = forgiven ? 1 : counting.map(Backoff::crashes).orElse(0) + 1;
        int inARow = forgiven ? counting.map(Backoff::forgiven).orElse(0) + 1 : 0;
        Duration pause = restarts.pause(crashes);
        observed =
                observed.withBackoff(
                        dyno.name(),
                        new Backoff(crashes, inARow, pause, now.plus(pause), Views.crashed(dyno)));
    }

    private static boolean isForgiven(ObservedDyno dyno, Backoff before, Tick now) {
        return dyno.spec().web()
                && before.pause().isZero()
                && before.forgiven() < FORGIVEN
                && wasUp(dyno, SERVED, now);
    }

    private static boolean hasRecovered(ObservedDyno dyno, Backoff before, Tick now) {
        Duration needed = before.pause().compareTo(RECOVERED) > 0 ? before.pause() : RECOVERED;
        return wasUp(dyno, needed, now);
    }

    private static boolean wasUp(ObservedDyno dyno, Duration longer, Tick now) {
        return dyno.progress().upAt().filter(at -> now.since(at).compareTo(longer) > 0).isPresent();
    }

    /// Tells the listener that a dyno reached a state.
    private ObservedDyno conclude(ObservedDyno dyno, DynoState to, Reason reason, Tick tick) {
        DynoSpec spec = dyno.spec();
        Instant date = timers.date().minus(timers.now().since(tick));
        facts.accept(
                new Fact.Transition(
                        new DynoTransition(
                                spec.id(),
                                spec.app(),
                                spec.name(),
                                spec.kind(),
                                spec.size(),
                                spec.release(),
                                dyno.told(),
                                to,
                                reason,
                                tick,
                                timers.bootId(),
                                date,
                                Views.shownCommand(dyno),
                                spec.stdio().attached(),
                                dyno.ending().flatMap(Ending::exit))));
        return dyno.withTold(to, date);
    }

    private static DynoState stateOf(ObservedDyno dyno) {
        return dyno.isUp() ? DynoState.UP : DynoState.STARTING;
    }

    private void remark(Notice notice) {
        facts.accept(new Fact.Remark(notice));
    }

    /// Remembers which revision of the view routers must have acknowledged before a dyno may be touched.
    void viewed(AppView view) {
        for (ObservedDyno dyno : List.copyOf(observed.all())) {
            if (dyno.address().isEmpty()) {
                continue;
            }
            Optional<DynoView> shown =
                    view.routes().stream()
                            .filter(it -> it.id().equals(dyno.id()) && it.address().isPresent())
                            .findFirst();
            Routing routing = dyno.routing();
            if (shown.isPresent()) {
                boolean everRoutable = routing.everRoutable() || shown.get().routable();
                Routing known = new Routing(everRoutable, OptionalLong.empty());
                if (!known.equals(routing)) {
                    set(dyno.with(known));
                }
            } else if (routing.goneSince().isEmpty()) {
                set(
                        dyno.with(
                                new Routing(
                                        routing.everRoutable(), OptionalLong.of(view.revision()))));
            }
        }
    }

    private void set(ObservedDyno dyno) {
        observed = observed.with(dyno);
    }

    /// Whether something can be started, stopped or collected only when routers acknowledge a newer table.
    boolean awaitsRouters() {
        return !observed.waiting().isEmpty()
                || !observed.strays().isEmpty()
                || observed.all().stream()
                        .anyMatch(dyno ->
                                dyno.address().isPresent()
                                        && !dyno.isCurrent()
                                        && !dyno.routing().isGone(observed.acknowledged())
                                        && dyno.ending()
                                                .map(it -> it.forget() != Forget.DONE)
                                                .orElse(true));
    }

    /// Dynos of kind BUILD belong to the Builder.
    static boolean isOurs(EngineDyno dyno) {
        return dyno.spec().kind() != DynoKind.BUILD;
    }
}
