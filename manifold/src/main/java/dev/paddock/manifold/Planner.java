package dev.paddock.manifold;

import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.manifold.ObservedDyno.Forget;
import dev.paddock.manifold.ObservedDyno.HangUp;
import dev.paddock.manifold.ObservedDyno.Placement;
import dev.paddock.manifold.ObservedDyno.Retirement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Decides what to do next so that what an app runs becomes what it should run. Pure: everything it looks at is an
/// argument, time included.
final class Planner {
    /// From SIGTERM to SIGKILL (dynos.md section 2).
    static final Duration GRACE = Duration.ofSeconds(30);

    /// From the start of a one-off until somebody must have attached (R13).
    static final Duration ATTACH_LIMIT = Duration.ofSeconds(30);

    /// From the start of a dyno until the engine must have placed it: unpacking a large slug on a slow disk takes a
    /// while, and a start that hangs must not hold its name for ever.
    static final Duration LAUNCH_LIMIT = Duration.ofMinutes(3);

    /// Between two hang-ups of a one-off whose client is gone (dynos.md section 6).
    static final Duration HANG_UP_PAUSE = Duration.ofSeconds(5);

    /// For requests in flight when their dyno leaves the routing table: until they are answered, and no longer than
    /// this, it gets no SIGTERM, which many programs answer by dropping everything.
    static final Duration LAST_ANSWERS = Duration.ofSeconds(5);

    /// How long after the end of its grace a dyno may still be there before the engine is asked again.
    static final Duration RETIRE_AGAIN = Duration.ofSeconds(10);

    private final Desired desired;
    private final Observed observed;
    private final Tick now;
    private Preboot preboot;
    private boolean takesOver;
    private final List<Action> actions = new ArrayList<>();
    private Optional<Tick> again = Optional.empty();

    private Planner(Desired desired, Observed observed, Tick now) {
        this.desired = desired;
        this.observed = observed;
        this.now = now;
        this.preboot = Preboot.of(desired, observed);
    }

    static Plan plan(Desired desired, Observed observed, Tick now) {
        Planner planner = new Planner(desired, observed, now);
        if (observed.adopted()) {
            planner.decide();
        }
        return new Plan(planner.actions, planner.again);
    }

    private void decide() {
        collectStrays();
        judgePreboot();
        Set<DynoName> kept = new HashSet<>();
        // Highest numbers first: the order in which a smaller formation gives them up.
        observed.all().stream()
                .sorted(Comparator.comparing(ObservedDyno::name).reversed())
                .forEach(dyno -> {
                    if (dyno.ending().isPresent()) {
                        collect(dyno);
                    } else if (dyno.retirement().isPresent()) {
                        retire(dyno, dyno.retirement().get());
                    } else if (keepsName(dyno)) {
                        kept.add(dyno.name());
                    }
                });
        if (!observed.quieting()) {
            startMissing(kept);
        }
    }

    /// The new web dynos take over when all of them are up, and are given up when one crashes or takes too long.
    private void judgePreboot() {
        if (!preboot.isUnderWay() || preboot.refused() || preboot.mixed()) {
            return;
        }
        Optional<String> crashed =
                preboot.crashed(desired, observed).map(name -> name + " crashed");
        Optional<String> late =
                preboot.latest()
                        .filter(dyno -> isDue(Preboot.deadline(dyno)))
                        .map(dyno ->
                                dyno.name()
                                        + " was not up within "
                                        + Preboot.LIMIT.toSeconds()
                                        + " seconds");
        Optional<String> why = crashed.or(() -> late).or(this::webWithoutHost);
        if (why.isPresent()) {
            actions.add(new Action.GiveUp(why.get()));
            preboot = preboot.refuse();
        } else if (preboot.isComplete() && isDue(preboot.lastStart().plus(desired.prebootWait()))) {
            takesOver = true;
            actions.add(new Action.TakeOver());
        }
    }

    private Optional<String> webWithoutHost() {
        return observed.waiting().entrySet().stream()
                .filter(entry -> entry.getKey().type().isWeb())
                .filter(entry -> isDue(entry.getValue().since().plus(Preboot.LIMIT)))
                .map(entry ->
                        "no machine had room for "
                                + entry.getKey()
                                + " within "
                                + Preboot.LIMIT.toSeconds()
                                + " seconds")
                .findFirst();
    }

    /// Routers may still know what came back with its host; then it waits for them as every other dyno does.
    private void collectStrays() {
        for (EngineDyno stray : observed.strays()) {
            DynoId id = stray.spec().id();
            if (isUnknownToRouters(stray)) {
                actions.add(
                        stray.exit().isPresent()
                                ? new Action.Forget(id)
                                : new Action.Retire(id, GRACE));
            }
        }
    }

    /// One that was never in a view of this loop is in no table once any of its views is acknowledged.
    private boolean isUnknownToRouters(EngineDyno stray) {
        return stray.address().isEmpty()
                || observed.dyno(stray.spec().id())
                        .map(dyno -> dyno.isUnknownToRouters(observed.acknowledged()))
                        .orElse(observed.acknowledged() > 0);
    }

    /// Only when the end is committed and no router can send anything to its address any more.
    private void collect(ObservedDyno dyno) {
        var ending = dyno.ending().orElseThrow();
        if (ending.committed()
                && dyno.isUnknownToRouters(observed.acknowledged())
                && ending.forget() == Forget.NOT_ASKED) {
            actions.add(new Action.Forget(dyno.id()));
        }
    }

    private void retire(ObservedDyno dyno, Retirement retirement) {
        boolean unknownToRouters =
                !dyno.routing().everRoutable() || dyno.routing().isGone(observed.acknowledged());
        if (!unknownToRouters || dyno.progress().acceptedAt().isEmpty()) {
            return;
        }
        if (retirement.askedAt().isEmpty()) {
            if (owesAnswers(dyno) && !isDue(retirement.since().plus(LAST_ANSWERS))) {
                return;
            }
            actions.add(new Action.Retire(dyno.id(), retirement.grace()));
            return;
        }
        Tick late = retirement.askedAt().get().plus(retirement.grace()).plus(RETIRE_AGAIN);
        if (isDue(late)) {
            actions.add(new Action.Retire(dyno.id(), Duration.ZERO));
        }
    }

    /// When everything ends, nobody waits for single requests.
    private boolean owesAnswers(ObservedDyno dyno) {
        return !observed.quieting() && dyno.address().filter(observed.busy()::contains).isPresent();
    }

    /// Whether no other dyno may take the name of this one now; takes it out of service if it has to go.
    private boolean keepsName(ObservedDyno dyno) {
        Optional<Action.Withdraw> decision =
                observed.quieting()
                        ? Optional.of(withdrawal(dyno, Reason.SCALE_DOWN))
                        : dyno.isFormation() ? judge(dyno) : judgeOneOff(dyno);
        decision.ifPresent(actions::add);
        boolean stays = decision.isEmpty() || decision.get().reason() == Reason.BOOT_TIMEOUT;
        // A new one comes up beside it, under the same name.
        return stays && !(preboot.isOld(dyno.id()) && !preboot.refused());
    }

    private Optional<Action.Withdraw> judge(ObservedDyno dyno) {
        Optional<Desired.Type> type = wanted(dyno.name());
        if (type.isEmpty()) {
            return Optional.of(withdrawal(dyno, Reason.SCALE_DOWN));
        }
        if (desired.isAsleep(dyno.name().type())) {
            return Optional.of(withdrawal(dyno, Reason.IDLE));
        }
        if (preboot.isOld(dyno.id())) {
            return takesOver ? Optional.of(withdrawal(dyno, Reason.REPLACED)) : Optional.empty();
        }
        if (preboot.refused() && preboot.isFresh(dyno.id())) {
            return Optional.of(withdrawal(dyno, Reason.SCALE_DOWN));
        }
        if (desired.outdates(type.get(), dyno.spec())) {
            return Optional.of(withdrawal(dyno, Reason.RESTART));
        }
        if (dyno.isUp() || !isDue(bootDeadline(dyno, type.get()))) {
            return Optional.empty();
        }
        return Optional.of(new Action.Withdraw(dyno.id(), Reason.BOOT_TIMEOUT, Duration.ZERO));
    }

    private Optional<Action.Withdraw> judgeOneOff(ObservedDyno dyno) {
        if (dyno.spec().stdio().attached()
                && !dyno.isUp()
                && isDue(dyno.progress().startedAt().plus(ATTACH_LIMIT))) {
            return Optional.of(new Action.Withdraw(dyno.id(), Reason.NOT_ATTACHED, Duration.ZERO));
        }
        Optional<HangUp> hangUp = dyno.hangUp();
        if (hangUp.isPresent()
                && dyno.progress().acceptedAt().isPresent()
                && isDue(hangUp.get().next())) {
            actions.add(new Action.HangUp(dyno.id()));
        }
        return Optional.empty();
    }

    private static Action.Withdraw withdrawal(ObservedDyno dyno, Reason reason) {
        return new Action.Withdraw(dyno.id(), reason, GRACE);
    }

    /// The type a dyno name belongs to, if that many of it are wanted.
    private Optional<Desired.Type> wanted(DynoName name) {
        return desired.types().stream()
                .filter(type -> type.type().equals(name.type()) && name.number() <= type.quantity())
                .findFirst();
    }

    private static Tick bootDeadline(ObservedDyno dyno, Desired.Type type) {
        Optional<Placement> placement = dyno.progress().placement();
        return placement.isPresent() && dyno.spec().web()
                ? placement.get().at().plus(type.bootLimit())
                : dyno.progress().startedAt().plus(LAUNCH_LIMIT);
    }

    private void startMissing(Set<DynoName> kept) {
        for (Desired.Type type : desired.types()) {
            boolean refused = type.type().isWeb() && preboot.refused();
            if (refused || desired.isAsleep(type.type())) {
                continue;
            }
            for (int number = 1; number <= type.quantity(); number++) {
                DynoName name = new DynoName(type.type(), number);
                if (!kept.contains(name) && !awaitsEnd(name, type) && mayStart(name)) {
                    actions.add(new Action.Start(name, startReason(name)));
                }
            }
        }
    }

    private boolean awaitsEnd(DynoName name, Desired.Type type) {
        return observed.all().stream()
                .anyMatch(dyno ->
                        dyno.name().equals(name)
                                && dyno.isFailedBoot()
                                && dyno.ending().isEmpty()
                                && !desired.outdates(type, dyno.spec()));
    }

    private boolean mayStart(DynoName name) {
        Backoff backoff = observed.backoffs().get(name);
        return backoff == null || isDue(backoff.notBefore());
    }

    /// The story the log tells: what became of the last dyno of this name.
    private Reason startReason(DynoName name) {
        for (Action action : actions) {
            if (action instanceof Action.Withdraw(var id, Reason reason, _)
                    && observed.dyno(id).filter(dyno -> dyno.name().equals(name)).isPresent()) {
                return reason;
            }
        }
        if (observed.backoffs().containsKey(name)) {
            return Reason.RESTART_AFTER_CRASH;
        }
        Observed.Wait wait = observed.waiting().get(name);
        if (wait != null) {
            return wait.reason();
        }
        Optional<ObservedDyno> last =
                observed.all().stream()
                        .filter(dyno -> dyno.name().equals(name))
                        .reduce((_, later) -> later);
        return last.map(Planner::successorReason).orElse(Reason.START);
    }

    private static Reason successorReason(ObservedDyno last) {
        if (last.retirement().isPresent()) {
            return switch (last.retirement().get().reason()) {
                case SCALE_DOWN, IDLE -> Reason.START;
                case START,
                        UP,
                        EXIT,
                        BOOT_TIMEOUT,
                        RESTART_AFTER_CRASH,
                        RESTART,
                        REPLACED,
                        STOP,
                        HOST_LOST,
                        NOT_ATTACHED,
                        COMPLETE ->
                        Reason.RESTART;
            };
        }
        boolean lost = last.ending().filter(ending -> ending.exit().isEmpty()).isPresent();
        return lost ? Reason.HOST_LOST : Reason.START;
    }

    /// Whether a moment has come; if not, the plan asks to be made again then.
    private boolean isDue(Tick moment) {
        if (!now.isBefore(moment)) {
            return true;
        }
        if (again.isEmpty() || moment.isBefore(again.get())) {
            again = Optional.of(moment);
        }
        return false;
    }
}
