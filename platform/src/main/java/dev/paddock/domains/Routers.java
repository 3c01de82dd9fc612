package dev.paddock.domains;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.ControlFrame;
import dev.paddock.routes.RoutingTable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/// The platform's end of all control links: listens on the socket, sends tables, collects acknowledgements. Safe for
/// any thread.
public final class Routers implements AutoCloseable {
    /// @param served called with the newest table number that every connected router serves
    /// @param frames what routers report: wake, load, trouble
    public Routers(Path socket, LongConsumer served, Consumer<ControlFrame> frames) {
        throw new UnsupportedOperationException();
    }

    /// Begins to accept routers.
    public void start() {
        throw new UnsupportedOperationException();
    }

    /// Only `RoutePublisher` calls this: the whole newest table and what changed since the one before.
    public void publish(long table, RoutingTable whole, List<AppRoute> changed, List<String> gone) {
        throw new UnsupportedOperationException();
    }

    /// Waits until at least one router serves this table or a newer one.
    public boolean await(long table, Duration limit) throws InterruptedException {
        throw new UnsupportedOperationException();
    }

    public int connected() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
