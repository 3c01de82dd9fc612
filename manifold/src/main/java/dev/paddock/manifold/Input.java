package dev.paddock.manifold;

import dev.paddock.core.ProcessType;
import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.EngineHost;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Something that reaches an app loop through its mailbox.
sealed interface Input {
    record Want(Desired desired) implements Input {}

    record Restart(Optional<ProcessType> type, Optional<DynoName> name) implements Input {}

    record Stop(DynoName name) implements Input {}

    record Run(DynoSpec spec) implements Input {}

    record HangUp(DynoId dyno) implements Input {}

    record Quiet() implements Input {}

    /// A hint from the engine; may be dropped when the mailbox is full.
    record Event(DynoEvent event) implements Input {}

    /// The app's part of the engine's list, read at `began` or later.
    record Listed(List<EngineDyno> dynos, Tick began) implements Input {}

    record Routed(long revision) implements Input {}

    record Busy(Set<DynoAddress> leaving) implements Input {}

    /// The moment the plan asked for.
    record Wake() implements Input {}

    /// An engine call returned (`failure` empty) or threw.
    record Done(Effect effect, Optional<String> failure) implements Input {}

    /// The host on which a dyno was to start was gone.
    record HostGone(DynoId dyno, EngineHost host) implements Input {}

    /// The listener took a fact, or threw.
    record Told(Fact fact, Optional<String> failure) implements Input {}

    /// A call of the engine.
    sealed interface Effect {
        DynoId id();

        record Start(DynoSpec spec, EngineHost host) implements Effect {
            @Override
            public DynoId id() {
                return spec.id();
            }
        }

        record Retire(DynoId id, Duration grace) implements Effect {}

        record HangUp(DynoId id) implements Effect {}

        record Forget(DynoId id) implements Effect {}
    }
}
