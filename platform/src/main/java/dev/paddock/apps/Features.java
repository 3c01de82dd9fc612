package dev.paddock.apps;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/// The features apps can switch, as a fixed list.
enum Features {
    SESSION_AFFINITY(
            "http-session-affinity",
            "Session affinity",
            "Requests of one browser go to the same dyno for as long as it runs.",
            "general",
            false),
    PREBOOT(
            Feature.PREBOOT,
            "Preboot",
            "New web dynos take over when all of them accept requests; on for apps with two or more.",
            "general",
            false),
    RUNTIME_METRICS(
            "log-runtime-metrics",
            "Runtime metrics in the log",
            "The app's log shows memory and load of each dyno every 20 seconds.",
            "beta",
            false),
    DYNO_METADATA(
            "runtime-dyno-metadata",
            "Dyno metadata",
            "Dynos get HEROKU_APP_NAME, HEROKU_RELEASE_VERSION and the like in their environment.",
            "beta",
            false),
    END_TO_END_CONTINUE(
            "http-end-to-end-continue",
            "End-to-end continue",
            "`Expect: 100-continue` is answered by the dyno instead of the router.",
            "beta",
            false),
    EXEC(
            "runtime-heroku-exec",
            "Exec",
            "Shell access to running dynos by `heroku ps:exec`.",
            "general",
            true);

    private static final Instant SINCE = Instant.parse("2026-01-01T00:00:00Z");
    private static final List<Features> ALL = List.of(values());

    private final String id;
    private final String displayName;
    private final String description;
    private final String state;
    private final boolean onByDefault;

    Features(String id, String displayName, String description, String state, boolean onByDefault) {
        this.id = id;
        this.displayName = displayName;
        this.description = description;
        this.state = state;
        this.onByDefault = onByDefault;
    }

    static List<Features> all() {
        return ALL;
    }

    String id() {
        return id;
    }

    /// As it is for an app with so many web dynos that never switched it.
    Feature untouched(int webDynos) {
        boolean manyServe = this == PREBOOT && webDynos >= Feature.PREBOOT_DYNOS;
        return feature(onByDefault || manyServe, SINCE);
    }

    Feature untouched() {
        return untouched(0);
    }

    Feature feature(boolean enabled, Instant updatedAt) {
        UUID fixed = UUID.nameUUIDFromBytes(("feature/" + id).getBytes(StandardCharsets.UTF_8));
        return new Feature(
                fixed,
                id,
                displayName,
                description,
                "https://devcenter.heroku.com/articles/heroku-labs",
                state,
                enabled,
                SINCE,
                updatedAt);
    }
}
