package dev.paddock.domains;

import dev.paddock.core.AppId;
import dev.paddock.routes.ControlFrame;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;

/// What routers report, taken to whom it concerns. Routers read hostile bytes, so what they say is believed no further
/// than that it is worth a look. Safe for any thread.
public final class RouterReports implements Consumer<ControlFrame> {
    private final Function<String, Optional<AppId>> apps;
    private final BiConsumer<AppId, String> suspect;
    private final Consumer<AppId> wake;
    private final Consumer<AppId> requested;

    /// @param apps who has this name in the routing table
    /// @param suspect takes the app and the name of a dyno that does not answer, as the router gave it
    /// @param wake takes an app that a request waits for
    /// @param requested takes an app that has traffic
    public RouterReports(
            Function<String, Optional<AppId>> apps,
            BiConsumer<AppId, String> suspect,
            Consumer<AppId> wake,
            Consumer<AppId> requested) {
        this.apps = apps;
        this.suspect = suspect;
        this.wake = wake;
        this.requested = requested;
    }

    @Override
    public void accept(ControlFrame frame) {
        switch (frame) {
            case ControlFrame.Trouble(String app, String dyno, String _) ->
                    apps.apply(app).ifPresent(id -> suspect.accept(id, dyno));
            case ControlFrame.Wake(String app) -> apps.apply(app).ifPresent(wake);
            case ControlFrame.Load(List<ControlFrame.AppLoad> loads) ->
                    loads.forEach(load -> apps.apply(load.app()).ifPresent(requested));
            case ControlFrame.Hello _,
                    ControlFrame.Snapshot _,
                    ControlFrame.Change _,
                    ControlFrame.Serving _,
                    ControlFrame.Handover _,
                    ControlFrame.Ping _,
                    ControlFrame.Pong _ -> {
                // Routers takes these itself.
            }
        }
    }
}
