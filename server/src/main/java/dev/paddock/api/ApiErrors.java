package dev.paddock.api;

import dev.paddock.core.FullDisk;
import dev.paddock.core.UserError;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLTransientConnectionException;
import org.jspecify.annotations.Nullable;

/// The one table from error ids to statuses, and what becomes of exceptions that are no user's mistake.
final class ApiErrors {
    static final String INTERNAL = "internal_server_error";
    static final String UNAVAILABLE = "unavailable";

    /// Causes looked through for the reason of a failure; deeper chains are not seen in practice.
    private static final int MAX_CAUSES = 16;

    private ApiErrors() {}

    static int status(String id) {
        return switch (id) {
            case "bad_request" -> 400;
            case "unauthorized" -> 401;
            case "delinquent", "verification_required" -> 402;
            case "forbidden", "suspended", "two_factor" -> 403;
            case "not_found" -> 404;
            case "method_not_allowed" -> 405;
            case "not_acceptable" -> 406;
            case "conflict" -> 409;
            case "gone" -> 410;
            case "request_entity_too_large" -> 413;
            case "requested_range_not_satisfiable" -> 416;
            case "invalid_params", "confirmation_required" -> 422;
            case "rate_limit" -> 429;
            case INTERNAL -> 500;
            case UNAVAILABLE -> 503;
            case String unknown -> 422;
        };
    }

    static UserError unauthorized() {
        return new UserError("unauthorized", "Invalid credentials provided.");
    }

    /// The answer to a failure: a user's mistake is told as it is, a database that is away or a full disk as
    /// `unavailable`, and of a bug nothing but that it is in the platform's log.
    static UserError of(Throwable failure, String requestId) {
        if (failure instanceof UserError error) {
            return error;
        }
        if (databaseIsAway(failure)) {
            return new UserError(
                    UNAVAILABLE,
                    "The platform's database does not answer at the moment. Apps go on running; try again in a few"
                            + " seconds.");
        }
        if (FullDisk.isBehind(failure)) {
            return new UserError(UNAVAILABLE, FullDisk.MESSAGE);
        }
        return new UserError(
                INTERNAL,
                "Something went wrong inside the platform; its log says what, at request "
                        + requestId
                        + ".");
    }

    static boolean isBug(Throwable failure) {
        return !(failure instanceof UserError)
                && !databaseIsAway(failure)
                && !FullDisk.isBehind(failure);
    }

    private static boolean databaseIsAway(Throwable failure) {
        @Nullable Throwable cause = failure;
        for (int i = 0; cause != null && i < MAX_CAUSES; i++, cause = cause.getCause()) {
            if (cause instanceof SQLTransientConnectionException
                    || cause instanceof SQLNonTransientConnectionException) {
                return true;
            }
            // 08: connection exceptions; 57P: the server is shutting down or starting up.
            if (cause instanceof SQLException sql
                    && sql.getSQLState() != null
                    && (sql.getSQLState().startsWith("08")
                            || sql.getSQLState().startsWith("57P"))) {
                return true;
            }
        }
        return false;
    }
}
