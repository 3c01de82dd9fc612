package dev.paddock.engine.local;

import dev.paddock.core.AppId;
import java.util.Optional;

/// The user numbers that dynos run as. Safe for any thread.
interface Users {
    int of(AppId app);

    /// Takes an app's number back; empty when it had none to itself.
    Optional<Integer> discard(AppId app);

    /// One number for all apps.
    record Shared(int number) implements Users {
        @Override
        public int of(AppId app) {
            return number;
        }

        @Override
        public Optional<Integer> discard(AppId app) {
            return Optional.empty();
        }
    }
}
