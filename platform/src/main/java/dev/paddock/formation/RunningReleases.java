package dev.paddock.formation;

import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.Release;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Slug;
import dev.paddock.dyno.SlugRef;
import dev.paddock.manifold.Desired;
import dev.paddock.releases.Releases;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What a release means for the dynos that run it.
final class RunningReleases {
    /// Seconds a web dyno has to bind $PORT.
    private static final String BOOT_SECONDS = ConfigVars.SETTING_PREFIX + "BOOT_SECONDS";

    private static final int MAX_BOOT_SECONDS = 180;
    private static final int PAGE = 20;

    private final Releases releases;
    private final DynoMetadata metadata;

    RunningReleases(Releases releases, DynoMetadata metadata) {
        this.releases = releases;
        this.metadata = metadata;
    }

    /// What an app of this release should run, without its types.
    Desired desired(Release release, Slug slug, SlugRef ref) {
        Map<String, String> environment = new TreeMap<>(metadata.of(release, slug));
        environment.putAll(environment(release.config()));
        return new Desired(
                release.app(),
                release.version(),
                oldestAlike(release),
                environment,
                Optional.of(ref),
                slug.stack(),
                List.of());
    }

    /// The oldest release of the unbroken row up to this one whose dynos would be the same: settings of the platform
    /// are not seen by dynos, so changing them restarts nothing.
    private ReleaseVersion oldestAlike(Release current) {
        AppId app = current.app();
        ReleaseVersion oldest = current.version();
        while (true) {
            List<Release> page = releases.list(app, Optional.of(oldest.number()), PAGE);
            for (Release release : page) {
                if (release.status() == Release.Status.SUCCEEDED && !areAlike(release, current)) {
                    return oldest;
                }
                oldest = release.version();
            }
            if (page.size() < PAGE) {
                return oldest;
            }
        }
    }

    private static boolean areAlike(Release one, Release other) {
        return one.slug().equals(other.slug())
                && environment(one.config()).equals(environment(other.config()));
    }

    /// The config vars that dynos get.
    static Map<String, String> environment(ConfigVars config) {
        Map<String, String> environment = new TreeMap<>(config.values());
        environment.keySet().removeIf(name -> name.startsWith(ConfigVars.SETTING_PREFIX));
        return environment;
    }

    /// As the user set it, if that is a number of seconds that is allowed.
    static Duration bootLimit(ConfigVars config) {
        String text = config.values().getOrDefault(BOOT_SECONDS, "");
        if (!text.matches("[0-9]{1,3}")) {
            return Desired.Type.BOOT_LIMIT;
        }
        int seconds = Integer.parseInt(text);
        return Duration.ofSeconds(Math.clamp(seconds, 1, MAX_BOOT_SECONDS));
    }
}
