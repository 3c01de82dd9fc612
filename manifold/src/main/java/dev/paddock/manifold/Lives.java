package dev.paddock.manifold;

import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.dyno.Exit;
import dev.paddock.manifold.ManifoldListener.Notice;
import dev.paddock.manifold.ObservedDyno.Ending;
import dev.paddock.manifold.ObservedDyno.Placement;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// How dynos begin, run and end, by what the engine tells of them. Owned by the app loop.
final class Lives {
    /// A dyno that waits for a host less than this is not worth a line in the log.
    static final Duration QUIET_WAIT = Duration.ofSeconds(5);

    private final Picture picture;
    private final RestartPolicy restarts;

    Lives(Picture picture, RestartPolicy restarts) {
        this.picture = picture;
        this.restarts = restarts;
    }

    void start(DynoSpec spec, String host, Reason reason) {
        picture.set(ObservedDyno.starting(spec, host, reason, picture.now(), picture.date()));
        Map<DynoName, Observed.Wait> left = new TreeMap<>(picture.observed().waiting());
        left.remove(spec.name());
        picture.put(picture.observed().withWaiting(left));
    }

    /// No host has room for a dyno of this name.
    void awaitHost(DynoName name, Reason reason) {
        Observed.Wait wait = picture.observed().waiting().get(name);
        if (wait == null) {
            setWait(name, new Observed.Wait(picture.now(), picture.date(), reason, false));
        } else if (!wait.told() && !picture.now().isBefore(wait.since().plus(QUIET_WAIT))) {
            setWait(name, new Observed.Wait(wait.since(), wait.date(), wait.reason(), true));
            picture.remark(new Notice.NoRoom(name));
        }
    }

    private void setWait(DynoName name, Observed.Wait wait) {
        Map<DynoName, Observed.Wait> more = new TreeMap<>(picture.observed().waiting());
        more.put(name, wait);
        picture.put(picture.observed().withWaiting(more));
    }

    /// The host on which a dyno was to start was gone: it never began.
    void hostGone(DynoId id) {
        accepted(id);
        ended(id, Optional.empty(), picture.now());
    }

    /// The engine's `start` returned.
    void accepted(DynoId id) {
        picture.observed()
                .dyno(id)
                .ifPresent(dyno -> picture.set(dyno.with(dyno.progress().accepted(picture.now()))));
    }

    /// The engine's `start` threw: the dyno may exist or not, and is treated as one that could not be launched.
    void refused(DynoId id, String detail) {
        accepted(id);
        ended(id, Optional.of(new Exit(1, Exit.Cause.LAUNCH_FAILED, detail)), picture.now());
    }

    void event(DynoEvent event) {
        Optional<ObservedDyno> known =
                picture.observed().dyno(event.id()).filter(dyno -> dyno.ending().isEmpty());
        if (known.isEmpty()) {
            return;
        }
        if (!saysWhenItBegan(event, known.get())) {
            return;
        }
        switch (event) {
            case DynoEvent.Placed(DynoId id, _, var address) ->
                    placed(id, new Placement(address, picture.now()));
            case DynoEvent.Up(DynoId id) -> up(id);
            case DynoEvent.Exited(DynoId id, Exit exit) ->
                    ended(id, Optional.of(exit), picture.now());
            case DynoEvent.Lost(DynoId id) -> ended(id, Optional.empty(), picture.now());
            case DynoEvent.OverQuota over ->
                    picture.remark(new Notice.OverQuota(known.get().name(), over));
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

    void placed(DynoId id, Placement placement) {
        ObservedDyno dyno = picture.observed().dyno(id).orElseThrow();
        if (dyno.progress().placement().isEmpty()) {
            dyno = dyno.with(dyno.progress().placed(placement));
            picture.set(picture.conclude(dyno, DynoState.STARTING, dyno.cause(), placement.at()));
        }
    }

    void up(DynoId id) {
        ObservedDyno dyno = started(picture.observed().dyno(id).orElseThrow(), picture.now());
        if (!dyno.isUp()) {
            Tick now = picture.now();
            dyno = dyno.with(dyno.progress().up(now));
            picture.set(picture.conclude(dyno, DynoState.UP, Reason.UP, now));
        }
    }

    /// A dyno that ended or came up was started before, even if nobody said so; one that ended before its command began
    /// ran for no time.
    private ObservedDyno started(ObservedDyno dyno, Tick now) {
        return dyno.told() == DynoState.CREATED
                ? picture.conclude(dyno, DynoState.STARTING, dyno.cause(), now)
                : dyno;
    }

    /// @param at when it ended, which may have been long before it is learned
    void ended(DynoId id, Optional<Exit> exit, Tick at) {
        Optional<ObservedDyno> known =
                picture.observed().dyno(id).filter(dyno -> dyno.ending().isEmpty());
        if (known.isEmpty()) {
            return;
        }
        Tick now = picture.now();
        ObservedDyno dyno = started(known.get(), at).with(Ending.of(exit, now));
        Reason reason = endReason(dyno, exit);
        DynoState state = endState(dyno, reason, exit);
        dyno = picture.conclude(dyno, state, reason, at);
        picture.set(dyno);
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
        Observed observed = picture.observed();
        Preboot preboot = Preboot.of(picture.desired(), observed);
        boolean isCarried =
                observed.all().stream()
                        .anyMatch(other ->
                                other.isCurrent()
                                        && other.name().equals(dyno.name())
                                        && !preboot.isOld(other.id()));
        if (picture.desired().wants(dyno.name()) && !isCarried) {
            Optional<Backoff> before = Optional.ofNullable(observed.backoffs().get(dyno.name()));
            picture.put(
                    observed.withBackoff(dyno.name(), Crashes.count(dyno, before, restarts, now)));
        }
    }
}
