package dev.paddock.manifold;

import dev.paddock.core.ReleaseVersion;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoState;
import java.time.Instant;
import java.util.Optional;

/// One dyno of an app's snapshot.
///
/// @param changedAt when the state last changed, for display
/// @param routable whether requests may be sent to it: a web dyno that is up and not being retired
public record DynoView(
        DynoId id,
        DynoName name,
        DynoKind kind,
        DynoSize size,
        ReleaseVersion release,
        String command,
        DynoState state,
        Instant changedAt,
        Optional<DynoAddress> address,
        boolean routable,
        boolean retiring) {
    boolean isWeb() {
        return name.type().isWeb() && kind == DynoKind.FORMATION;
    }
}
