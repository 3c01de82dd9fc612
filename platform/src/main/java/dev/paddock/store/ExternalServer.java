package dev.paddock.store;

import dev.paddock.core.Timers;
import dev.paddock.core.UserError;
import dev.paddock.store.ServerFacts.Wanted;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.Executor;

/// A PostgreSQL server that the operator named: neither started nor stopped by us, and claimed while a platform uses
/// it. Safe for any thread.
public final class ExternalServer implements StateServer, AutoCloseable {
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);

    private final DatabaseAddress address;
    private final DatabaseClaim claim;

    private ExternalServer(DatabaseAddress address, DatabaseClaim claim) {
        this.address = address;
        this.claim = claim;
    }

    /// Makes sure that the server can be used and the database is this platform's, and claims it. Throws UserError.
    ///
    /// @param key the file with the vault's key, which need not exist
    /// @param began whether this platform has kept its state there before
    /// @param holder tells others whose it is
    public static ExternalServer claim(
            DatabaseAddress address, Path key, boolean began, String holder) {
        return claim(address, key, began, holder, DatabaseClaim.PATIENCE);
    }

    static ExternalServer claim(
            DatabaseAddress address, Path key, boolean began, String holder, Duration patience) {
        require(address, key, began);
        return claim(address, holder, patience);
    }

    private static ExternalServer claim(DatabaseAddress address, String holder, Duration patience) {
        try {
            DatabaseClaim claim = DatabaseClaim.take(address, holder, patience);
            return new ExternalServer(address, claim);
        } catch (SQLException e) {
            throw unusable(address, e);
        }
    }

    /// Claims a database in which nothing is yet. Throws UserError.
    public static ExternalServer claimEmpty(DatabaseAddress address, String holder) {
        ExternalServer server = claim(address, holder, DatabaseClaim.PATIENCE);
        try {
            requireEmpty(address);
            return server;
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /// Throws UserError when the server cannot be used, or anything is in the database.
    public static void requireEmpty(DatabaseAddress address) {
        facts(address).requireEmpty(address);
    }

    /// Throws UserError when the server cannot be used, or the database is not this platform's.
    public static void require(DatabaseAddress address, Path key, boolean began) {
        String fingerprint = Files.exists(key) ? ServerFacts.fingerprint(Vault.read(key)) : "";
        facts(address).require(address, new Wanted(fingerprint, began));
    }

    /// Its version, if it can be used by anybody. Throws UserError.
    public static String version(DatabaseAddress address) {
        return facts(address).release();
    }

    private static ServerFacts facts(DatabaseAddress address) {
        try (Connection connection =
                DriverManager.getConnection(address.jdbcUrl(), address.properties(ANSWER_LIMIT))) {
            return ServerFacts.read(connection);
        } catch (SQLException e) {
            throw unusable(address, e);
        }
    }

    private static UserError unusable(DatabaseAddress address, SQLException reason) {
        String state = String.valueOf(reason.getSQLState());
        String advice =
                state.startsWith("28")
                        ? "Look at user and password in it, and at the server's pg_hba.conf."
                        : state.equals("3D000")
                                ? "Make it with: create database ... owner %s encoding 'UTF8' template template0"
                                        .formatted(address.user())
                                : state.startsWith("08")
                                        ? "Does the server run, can this machine reach it, and do both agree on sslmode?"
                                        : "Look at the server's log.";
        UserError error =
                new UserError(
                        "unavailable",
                        "%s: could not use the database %s: %s %s"
                                .formatted(
                                        DatabaseAddress.VARIABLE,
                                        address,
                                        sentence(reason),
                                        advice));
        error.initCause(reason);
        return error;
    }

    /// The server's own words, with those that lie below where the driver says nothing more.
    private static String sentence(SQLException reason) {
        String words = String.valueOf(reason.getMessage()).strip().replaceAll("\\s+", " ");
        Throwable cause = reason.getCause();
        String more =
                cause == null || cause.getMessage() == null || words.contains(cause.getMessage())
                        ? ""
                        : " (" + cause.getMessage().strip() + ")";
        return words.replaceAll("\\.$", "") + more + ".";
    }

    /// Removes all that is in the database.
    public void clear() {
        DatabaseRestore.clear(address);
    }

    /// Keeps the claim alive.
    public void keep(Timers timers, Executor executor) {
        claim.keep(timers, executor);
    }

    @Override
    public DatabaseAddress address() {
        return address;
    }

    /// The operator's affair.
    @Override
    public void settle() {}

    @Override
    public OptionalLong process() {
        return OptionalLong.empty();
    }

    /// Only the claim ends.
    @Override
    public void stop() {
        claim.close();
    }

    @Override
    public void close() {
        stop();
    }
}
