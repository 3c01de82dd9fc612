package dev.paddock.metering;

import dev.paddock.dyno.DynoTransition;
import dev.paddock.store.Database;

/// Stores every transition of every dyno; the sole writer of them. Storing one twice changes nothing. Safe for any
/// thread.
public final class DynoRecord {
    public DynoRecord(Database database) {
        throw new UnsupportedOperationException();
    }

    public void store(DynoTransition transition) {
        throw new UnsupportedOperationException();
    }
}
