package dev.paddock.manifold;

import dev.paddock.core.AppId;
import java.util.List;

/// What an app runs, as its loop last saw it; immutable.
///
/// @param revision grows whenever what routers must know changed
/// @param dynos those the user sees: one per name; a crashed dyno waiting for its restart is among them, one that is
///     being retired is not
public record AppView(AppId app, long revision, List<DynoView> dynos) {
    public AppView {
        dynos = List.copyOf(dynos);
    }
}
