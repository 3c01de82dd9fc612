package dev.paddock.domains;

import dev.paddock.apps.Apps;
import dev.paddock.core.AppId;
import dev.paddock.manifold.Manifold;
import dev.paddock.releases.Releases;
import java.time.Duration;

/// Builds the routing table from what apps are and what their dynos do, and publishes it; the sole caller of
/// `Routers.publish`. Safe for any thread.
public final class RoutePublisher implements AutoCloseable {
    public RoutePublisher(
            Apps apps,
            Releases releases,
            Manifold manifold,
            CertificateAuthority authority,
            String domain) {
        throw new UnsupportedOperationException();
    }

    /// Called once, before [#start()]: routers need this object's acknowledgement and the other way round.
    public void connect(Routers routers) {
        throw new UnsupportedOperationException();
    }

    /// Publishes the whole table, then keeps it true.
    public void start() {
        throw new UnsupportedOperationException();
    }

    /// Something about the app changed: its dynos, name, maintenance, release, settings, or it is gone. Returns at
    /// once; changes are gathered for at most 5 ms.
    public void changed(AppId app) {
        throw new UnsupportedOperationException();
    }

    /// From [Routers]: tells the manifold which views every router serves.
    public void served(long table) {
        throw new UnsupportedOperationException();
    }

    /// Waits until routers serve a table that has all changes announced so far.
    public boolean settle(Duration limit) throws InterruptedException {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
