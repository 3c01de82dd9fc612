package dev.paddock.dyno;

import dev.paddock.core.Tick;
import java.util.Optional;

/// A dyno as its engine knows it, running or ended and not yet forgotten.
///
/// @param begun when its command began; empty while it is being prepared
/// @param ended when it ended, where the engine knows that better than whoever looks now
/// @param retiring whether the engine was told to stop it
/// @param exit present once it ended
public record EngineDyno(
        DynoSpec spec,
        String host,
        Optional<DynoAddress> address,
        boolean up,
        boolean retiring,
        Optional<Tick> begun,
        Optional<Tick> ended,
        Optional<Exit> exit) {}
