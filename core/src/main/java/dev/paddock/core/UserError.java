package dev.paddock.core;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A mistake of the user, with the error id of the Platform API; rendered to JSON and status in one place of the API.
public final class UserError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String id;
    private final @Nullable String resource;

    /// @param id an error id of the Platform API: `bad_request`, `invalid_params`, `not_found`, `forbidden`,
    ///     `unauthorized`, `conflict`, `rate_limit`, `verification_required`, `unavailable`, ...
    public UserError(String id, String message) {
        this(id, message, null);
    }

    public UserError(String id, String message, @Nullable String resource) {
        super(message);
        this.id = id;
        this.resource = resource;
    }

    /// The answer for a thing that does not exist or that this account may not see: `Couldn't find that app.`
    public static UserError notFound(String resource) {
        return new UserError(
                "not_found", "Couldn't find that " + resource.replace('_', ' ') + ".", resource);
    }

    public static UserError invalid(String message) {
        return new UserError("invalid_params", message);
    }

    public String id() {
        return id;
    }

    public String message() {
        return String.valueOf(getMessage());
    }

    public Optional<String> resource() {
        return Optional.ofNullable(resource);
    }
}
