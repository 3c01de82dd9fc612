package dev.paddock.server;

import dev.paddock.core.UserError;
import dev.paddock.store.DatabaseAddress;
import dev.paddock.store.ExternalServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Where a data directory's platform keeps its state: in a PostgreSQL of its own, or on a server that the operator
/// names at each start. Remembered is only which, never what opens it.
///
/// @param external the named one; empty for the platform's own
public record StatePlace(Path data, Optional<DatabaseAddress> external) {
    private static final String FILE = "database";
    private static final String SERVER = "server";

    /// Throws UserError when the directory's platform has its state elsewhere.
    static StatePlace of(Path data, Optional<DatabaseAddress> named) {
        Optional<String> remembered = remembered(data);
        if (named.isPresent() && Files.exists(own(data))) {
            throw new UserError(
                    "conflict",
                    "%s names %s, but the platform in %s has its state in a database of its own. Unset %s; or move the state: `paddock backup`, then `paddock restore` into a new directory with %s set."
                            .formatted(
                                    DatabaseAddress.VARIABLE,
                                    named.get(),
                                    data,
                                    DatabaseAddress.VARIABLE,
                                    DatabaseAddress.VARIABLE));
        }
        if (named.isEmpty() && remembered.isPresent()) {
            throw new UserError(
                    "conflict",
                    "The platform in %s has its state in %s, and %s is not set. Set it to postgres://user:password@%s, as at the last start; nothing was started."
                            .formatted(
                                    data,
                                    remembered.get(),
                                    DatabaseAddress.VARIABLE,
                                    remembered.get()));
        }
        return new StatePlace(data, named);
    }

    /// As [#of(Path, Optional)], for a command that only has to know the name where there is an external one.
    static StatePlace existing(Path data, Optional<DatabaseAddress> named) {
        return of(data, Files.exists(own(data)) ? Optional.empty() : named);
    }

    /// The external server and database that this directory's platform used last.
    public static Optional<String> remembered(Path data) {
        try {
            Map<String, String> values = SmallFiles.read(data.resolve(FILE));
            return Optional.ofNullable(values.get(SERVER));
        } catch (IOException none) {
            return Optional.empty();
        }
    }

    static Path own(Path data) {
        return data.resolve("postgres");
    }

    /// Makes sure that the external database can be used and is this platform's. Throws UserError.
    void require() {
        external.ifPresent(address -> ExternalServer.require(address, key(), began()));
    }

    /// As [#require()], and keeps others out of it.
    Optional<ExternalServer> claim() {
        return external.map(address -> ExternalServer.claim(address, key(), began(), holder()));
    }

    /// Claims the external database, in which nothing may be yet.
    Optional<ExternalServer> claimEmpty() {
        return external.map(address -> ExternalServer.claimEmpty(address, holder()));
    }

    private Path key() {
        return data.resolve(BackedUp.SECRETS_KEY);
    }

    private boolean began() {
        return remembered(data).isPresent();
    }

    private String holder() {
        String host = "?";
        try {
            host = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        } catch (IOException unnamed) {
            // The directory alone has to tell.
        }
        return "paddock on %s, %s".formatted(host, data);
    }

    /// To be called when the state is there.
    void remember() {
        external.ifPresent(address ->
                SmallFiles.writeReadable(data.resolve(FILE), Map.of(SERVER, address.toString())));
    }
}
