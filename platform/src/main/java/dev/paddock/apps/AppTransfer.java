package dev.paddock.apps;

import dev.paddock.core.Actor;
import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import java.time.Instant;
import java.util.UUID;

/// An offer of an app's owner to hand the app over to another user.
public record AppTransfer(
        UUID id,
        AppId app,
        AppName appName,
        Actor owner,
        Actor recipient,
        State state,
        Instant createdAt,
        Instant updatedAt) {

    /// What became of the offer.
    public enum State {
        PENDING,
        ACCEPTED,
        DECLINED
    }
}
