package dev.paddock.manifold;

import dev.paddock.core.ProcessType;
import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.manifold.ManifoldListener.Notice;
import dev.paddock.manifold.ObservedDyno.Ending;
import dev.paddock.manifold.ObservedDyno.HangUp;
import dev.paddock.manifold.ObservedDyno.Retirement;
import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// How dynos are taken out of service, stopped and, once they ended, collected. Owned by the app loop.
final class Departures {
    /// Hang-ups without effect until the log says so (R16).
    static final int PATIENT_HANG_UPS = 3;

    private final Picture picture;

    Departures(Picture picture) {
        this.picture = picture;
    }

    void withdraw(DynoId id, Reason reason, Duration grace) {
        picture.observed().dyno(id).ifPresent(dyno -> withdraw(dyno, reason, grace));
    }

    void withdraw(ObservedDyno dyno, Reason reason, Duration grace) {
        if (!dyno.isCurrent()) {
            return;
        }
        picture.set(dyno.with(new Retirement(reason, grace, picture.now(), Optional.empty())));
        switch (reason) {
            case RESTART -> picture.remark(new Notice.Restarting(dyno.name(), stateOf(dyno)));
            case NOT_ATTACHED -> picture.remark(new Notice.NotAttached(dyno.name()));
            case BOOT_TIMEOUT -> remarkBootTimeout(dyno);
            case IDLE -> picture.remark(new Notice.Idling(dyno.name()));
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

    private static DynoState stateOf(ObservedDyno dyno) {
        return dyno.isUp() ? DynoState.UP : DynoState.STARTING;
    }

    private void remarkBootTimeout(ObservedDyno dyno) {
        boolean launched = dyno.progress().placement().isPresent() && dyno.spec().web();
        picture.remark(
                launched
                        ? new Notice.BootTimeout(dyno.name(), bootLimit(dyno.name().type()))
                        : new Notice.LaunchTimeout(dyno.name(), Planner.LAUNCH_LIMIT));
    }

    private Duration bootLimit(ProcessType type) {
        return picture.desired().types().stream()
                .filter(it -> it.type().equals(type))
                .map(Desired.Type::bootLimit)
                .findFirst()
                .orElse(Desired.Type.BOOT_LIMIT);
    }

    void retireAsked(DynoId id, Duration grace) {
        picture.put(picture.observed().withoutStray(id));
        picture.observed()
                .dyno(id)
                .ifPresent(dyno ->
                        dyno.retirement()
                                .ifPresent(it -> {
                                    picture.set(dyno.with(it.asked(picture.now())));
                                    remarkStopping(dyno, grace);
                                }));
    }

    private void remarkStopping(ObservedDyno dyno, Duration grace) {
        picture.remark(new Notice.Stopping(dyno.name(), grace.isZero() ? "SIGKILL" : "SIGTERM"));
    }

    void retireFailed(DynoId id) {
        picture.observed()
                .dyno(id)
                .ifPresent(dyno ->
                        dyno.retirement().ifPresent(it -> picture.set(dyno.with(it.unasked()))));
    }

    void hangUpAsked(DynoId id) {
        picture.observed()
                .dyno(id)
                .ifPresent(dyno -> {
                    int sent = dyno.hangUp().map(HangUp::sent).orElse(0) + 1;
                    Tick next = picture.now().plus(Planner.HANG_UP_PAUSE);
                    picture.set(dyno.with(new HangUp(sent, next)));
                    if (sent == PATIENT_HANG_UPS) {
                        picture.remark(new Notice.Detached(dyno.name()));
                    }
                });
    }

    void forgetAsked(DynoId id) {
        picture.put(picture.observed().withoutStray(id));
        ending(id, Ending::asked);
    }

    void forgetFailed(DynoId id) {
        ending(id, Ending::unasked);
    }

    void forgotten(DynoId id) {
        ending(id, ending -> ending.forgotten(picture.now()));
    }

    /// The listener has taken the end of a dyno.
    void committed(DynoId id) {
        ending(id, Ending::commit);
    }

    private void ending(DynoId id, UnaryOperator<Ending> change) {
        picture.observed()
                .dyno(id)
                .ifPresent(dyno ->
                        dyno.ending().ifPresent(it -> picture.set(dyno.with(change.apply(it)))));
    }
}
