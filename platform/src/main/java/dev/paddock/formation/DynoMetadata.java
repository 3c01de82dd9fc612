package dev.paddock.formation;

import dev.paddock.apps.Apps;
import dev.paddock.apps.Feature;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.Release;
import dev.paddock.core.Slug;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What dynos find in their environment about the app and release they run, when the app's feature for it is on.
record DynoMetadata(Apps apps) {
    private static final String FEATURE = "runtime-dyno-metadata";

    Map<String, String> of(Release release, Slug slug) {
        Optional<App> app = isOn(release.app()) ? apps.find(release.app()) : Optional.empty();
        Map<String, String> metadata = new TreeMap<>();
        app.ifPresent(known -> {
            metadata.put("HEROKU_APP_ID", known.id().toString());
            metadata.put("HEROKU_APP_NAME", known.name().value());
            metadata.put("HEROKU_RELEASE_VERSION", release.version().toString());
            metadata.put(
                    "HEROKU_RELEASE_CREATED_AT",
                    release.createdAt().truncatedTo(ChronoUnit.SECONDS).toString());
            metadata.put("HEROKU_SLUG_DESCRIPTION", release.description());
            slug.commit()
                    .ifPresent(commit -> {
                        metadata.put("HEROKU_SLUG_COMMIT", commit);
                        metadata.put("HEROKU_BUILD_COMMIT", commit);
                        metadata.put("HEROKU_BUILD_DESCRIPTION", slug.commitDescription());
                    });
        });
        return metadata;
    }

    private boolean isOn(AppId app) {
        return apps.features(app).stream()
                .filter(feature -> feature.name().equals(FEATURE))
                .anyMatch(Feature::enabled);
    }
}
