package dev.paddock.domains;

import dev.paddock.core.AppId;
import dev.paddock.routes.ControlFrame;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What routers report, taken to whom it concerns. Routers read hostile bytes, so what they say is believed no further
/// than that it is worth a look. Safe for any thread.
public final class RouterReports implements Consumer<ControlFrame> {
    private static final Logger log = LoggerFactory.getLogger(RouterReports.class);

    private final Function<String, Optional<AppId>> apps;
    private final BiConsumer<AppId, String> suspect;

    /// @param apps who has this name in the routing table
    /// @param suspect takes the app and the name of a dyno that does not answer, as the router gave it
    public RouterReports(
            Function<String, Optional<AppId>> apps, BiConsumer<AppId, String> suspect) {
        this.apps = apps;
        this.suspect = suspect;
    }

    @Override
    public void accept(ControlFrame frame) {
        switch (frame) {
            case ControlFrame.Trouble(String app, String dyno, String _) ->
                    apps.apply(app).ifPresent(id -> suspect.accept(id, dyno));
            // No app sleeps yet, and one that starts does so without being asked.
            case ControlFrame.Wake(String app) -> log.debug("A request waits for {}", app);
            case ControlFrame.Load _,
                    ControlFrame.Hello _,
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
