package dev.paddock.api;

import dev.paddock.core.UserError;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Which version of the API a client wants, by its Accept header: 3 and its variants (`3.sdk`), or none in particular.
final class AcceptHeader {
    private static final Pattern HEROKU =
            Pattern.compile("application/vnd\\.heroku\\+json([^,]*)", Pattern.CASE_INSENSITIVE);
    private static final Pattern VERSION = Pattern.compile(";\\s*version\\s*=\\s*\"?([^;\",\\s]*)");

    private AcceptHeader() {}

    static void check(@Nullable String accept) {
        Matcher heroku = HEROKU.matcher(accept == null ? "" : accept);
        while (heroku.find()) {
            Optional<String> version =
                    VERSION.matcher(heroku.group(1))
                            .results()
                            .map(found -> found.group(1))
                            .findFirst();
            if (version.isPresent()
                    && !version.get().equals("3")
                    && !version.get().startsWith("3.")) {
                throw new UserError(
                        "not_acceptable",
                        "This platform speaks version 3 of the API only; ask for it with `Accept:"
                                + " application/vnd.heroku+json; version=3`.");
            }
        }
    }
}
