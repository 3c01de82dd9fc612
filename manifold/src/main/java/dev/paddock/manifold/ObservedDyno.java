package dev.paddock.manifold;

import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.dyno.Exit;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/// Everything known about one start of a dyno, from the decision to start it until the engine has forgotten it.
/// Immutable.
///
/// @param cause why it was started
/// @param told the last state that was concluded for the listener
/// @param retirement present once it was taken out of service
/// @param ending present once it ended or was lost
record ObservedDyno(
        DynoSpec spec,
        Reason cause,
        DynoState told,
        Instant changedAt,
        Progress progress,
        Routing routing,
        Optional<HangUp> hangUp,
        Optional<Retirement> retirement,
        Optional<Ending> ending) {

    /// A dyno whose start was just decided.
    static ObservedDyno starting(DynoSpec spec, String host, Reason cause, Tick now, Instant date) {
        return new ObservedDyno(
                spec,
                cause,
                DynoState.CREATED,
                date,
                Progress.startedAt(host, now),
                Routing.NONE,
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    DynoId id() {
        return spec.id();
    }

    DynoName name() {
        return spec.name();
    }

    boolean isFormation() {
        return spec.kind() == DynoKind.FORMATION;
    }

    /// In service, or on its way to it: it carries its name.
    boolean isCurrent() {
        return retirement.isEmpty() && ending.isEmpty();
    }

    boolean isUp() {
        return progress.upAt.isPresent();
    }

    Optional<DynoAddress> address() {
        return progress.placement.flatMap(Placement::address);
    }

    /// Whether no router can know its address, given the newest revision of the view that all serve.
    boolean isUnknownToRouters(long acknowledged) {
        return address().isEmpty() || routing.isGone(acknowledged);
    }

    /// Killed because it did not come up: its name waits for its end, so that the crash is counted first.
    boolean isFailedBoot() {
        return retirement.filter(it -> it.reason == Reason.BOOT_TIMEOUT).isPresent();
    }

    ObservedDyno withTold(DynoState state, Instant date) {
        return new ObservedDyno(
                spec, cause, state, date, progress, routing, hangUp, retirement, ending);
    }

    ObservedDyno with(Progress next) {
        return new ObservedDyno(
                spec, cause, told, changedAt, next, routing, hangUp, retirement, ending);
    }

    ObservedDyno with(Routing next) {
        return new ObservedDyno(
                spec, cause, told, changedAt, progress, next, hangUp, retirement, ending);
    }

    ObservedDyno with(HangUp next) {
        return new ObservedDyno(
                spec,
                cause,
                told,
                changedAt,
                progress,
                routing,
                Optional.of(next),
                retirement,
                ending);
    }

    ObservedDyno with(Retirement next) {
        return new ObservedDyno(
                spec, cause, told, changedAt, progress, routing, hangUp, Optional.of(next), ending);
    }

    ObservedDyno with(Ending next) {
        return new ObservedDyno(
                spec,
                cause,
                told,
                changedAt,
                progress,
                routing,
                hangUp,
                retirement,
                Optional.of(next));
    }

    /// How far the engine has come with it.
    ///
    /// @param host where it is to run
    /// @param startedAt when its start was decided
    /// @param acceptedAt when the engine's `start` returned: from then on `list()` shows it
    record Progress(
            String host,
            Tick startedAt,
            Optional<Tick> acceptedAt,
            Optional<Placement> placement,
            Optional<Tick> upAt) {
        static Progress startedAt(String host, Tick now) {
            return new Progress(host, now, Optional.empty(), Optional.empty(), Optional.empty());
        }

        Progress accepted(Tick now) {
            return new Progress(host, startedAt, Optional.of(now), placement, upAt);
        }

        Progress placed(Placement at) {
            return new Progress(host, startedAt, acceptedAt, Optional.of(at), upAt);
        }

        Progress up(Tick now) {
            return new Progress(host, startedAt, acceptedAt, placement, Optional.of(now));
        }
    }

    /// Where it answers, and since when it runs.
    record Placement(Optional<DynoAddress> address, Tick at) {}

    /// What routers may know of it.
    ///
    /// @param everRoutable whether a request may have been sent to it
    /// @param goneSince the first revision of the view without its address
    record Routing(boolean everRoutable, OptionalLong goneSince) {
        static final Routing NONE = new Routing(false, OptionalLong.empty());

        boolean isGone(long acknowledged) {
            return goneSince.isPresent() && goneSince.getAsLong() <= acknowledged;
        }
    }

    /// Hang-ups sent to a one-off whose client is gone.
    record HangUp(int sent, Tick next) {}

    /// Why and since when it is out of service, how long it may take to end, and when the engine was last told.
    record Retirement(Reason reason, Duration grace, Tick since, Optional<Tick> askedAt) {
        Retirement asked(Tick now) {
            return new Retirement(reason, grace, since, Optional.of(now));
        }

        Retirement unasked() {
            return new Retirement(reason, grace, since, Optional.empty());
        }
    }

    /// How it ended.
    ///
    /// @param exit empty when it was lost with its host
    /// @param committed whether the listener has taken the transition
    /// @param forget how far the engine's record of it is collected
    /// @param forgottenAt when the engine's `forget` returned
    record Ending(
            Optional<Exit> exit,
            Tick at,
            boolean committed,
            Forget forget,
            Optional<Tick> forgottenAt) {
        static Ending of(Optional<Exit> exit, Tick now) {
            return new Ending(exit, now, false, Forget.NOT_ASKED, Optional.empty());
        }

        Ending commit() {
            return new Ending(exit, at, true, forget, forgottenAt);
        }

        Ending asked() {
            return new Ending(exit, at, committed, Forget.ASKED, Optional.empty());
        }

        Ending unasked() {
            return new Ending(exit, at, committed, Forget.NOT_ASKED, Optional.empty());
        }

        Ending forgotten(Tick now) {
            return new Ending(exit, at, committed, Forget.DONE, Optional.of(now));
        }
    }

    /// How far the engine's record of an ended dyno is collected.
    enum Forget {
        NOT_ASKED,
        ASKED,
        DONE
    }
}
