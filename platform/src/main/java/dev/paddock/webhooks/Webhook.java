package dev.paddock.webhooks;

import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.UUID;

/// A URL that wants to hear of what happens to an app, without its secrets.
///
/// @param include kinds of things, as `api:release`
public record Webhook(
        UUID id,
        AppId app,
        String url,
        List<String> include,
        Level level,
        Instant createdAt,
        Instant updatedAt) {
    private static final List<String> KINDS =
            List.of(
                    "api:addon",
                    "api:addon-attachment",
                    "api:app",
                    "api:build",
                    "api:collaborator",
                    "api:domain",
                    "api:dyno",
                    "api:formation",
                    "api:release",
                    "api:sni-endpoint");

    public Webhook {
        include = List.copyOf(include);
    }

    /// How much is done for a delivery.
    public enum Level {
        /// One attempt.
        NOTIFY,
        /// Attempts until one succeeds, for three days.
        SYNC;

        /// Throws UserError for another word.
        public static Level parse(String word) {
            return Arrays.stream(values())
                    .filter(level -> level.toString().equals(word))
                    .findFirst()
                    .orElseThrow(
                            () -> UserError.invalid("The field `level` must be notify or sync."));
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Known kinds, each once; the CLI also takes `dyno` for `api:dyno`.
    public static List<String> kinds(List<String> words) {
        TreeSet<String> kinds = new TreeSet<>();
        for (String word : words) {
            String kind = word.startsWith("api:") ? word : "api:" + word;
            if (!KINDS.contains(kind)) {
                throw UserError.invalid(
                        "There is nothing to hear of "
                                + (word.length() > 40 ? word.substring(0, 40) : word)
                                + "; choose from "
                                + String.join(", ", KINDS)
                                + ".");
            }
            kinds.add(kind);
        }
        if (kinds.isEmpty()) {
            throw UserError.invalid("The field `include` must name at least one kind of thing.");
        }
        return List.copyOf(kinds);
    }
}
