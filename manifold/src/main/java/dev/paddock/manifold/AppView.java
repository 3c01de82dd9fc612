package dev.paddock.manifold;

import dev.paddock.core.AppId;
import java.util.List;

/// What an app runs, as its loop last saw it; immutable.
///
/// @param revision grows whenever what routers must know changed
/// @param dynos those the user sees: one per name; a crashed dyno waiting for its restart is among them, one that is
///     being retired is not
/// @param routes the web dynos that routers know of: while new ones come up beside them (preboot), the old ones
public record AppView(AppId app, long revision, List<DynoView> dynos, List<DynoView> routes) {
    public AppView {
        dynos = List.copyOf(dynos);
        routes = List.copyOf(routes);
    }

    /// Of an app whose routers know the web dynos that users see.
    public AppView(AppId app, long revision, List<DynoView> dynos) {
        this(app, revision, dynos, dynos.stream().filter(DynoView::isWeb).toList());
    }
}
