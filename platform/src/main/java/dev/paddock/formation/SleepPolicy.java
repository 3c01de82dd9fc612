package dev.paddock.formation;

import dev.paddock.core.Release;
import dev.paddock.core.UserError;
import dev.paddock.dyno.DynoSize;
import dev.paddock.releases.AppSettings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Which apps sleep after how long without a request, and which of their dynos do (dynos.md section 5). Only requests
/// wake, so an app without web dynos never sleeps. Pure.
public enum SleepPolicy {
    /// Apps whose web dynos have the size Eco, after 30 minutes, workers too; others when their user says so.
    MODERN(Duration.ofMinutes(30)) {
        @Override
        Optional<Duration> after(Release release, FormationEntry web) {
            return chosen(release)
                    .or(() ->
                            web.size().equals(DynoSize.ECO)
                                    ? Optional.of(usual())
                                    : Optional.empty());
        }
    },

    /// As in 2013: apps with exactly one web dyno, whatever its size, after an hour or the time that their user says;
    /// workers never.
    CLASSIC(Duration.ofHours(1)) {
        @Override
        Optional<Duration> after(Release release, FormationEntry web) {
            return web.quantity() == 1
                    ? chosen(release).or(() -> Optional.of(usual()))
                    : Optional.empty();
        }
    };

    private final Duration usual;

    SleepPolicy(Duration usual) {
        this.usual = usual;
    }

    /// Parses the operator's word for it; throws UserError for anything else.
    public static SleepPolicy parse(String word) {
        return switch (word) {
            case "modern" -> MODERN;
            case "2013" -> CLASSIC;
            case String other ->
                    throw UserError.invalid(
                            "--sleep-policy %s is unknown: choose modern or 2013."
                                    .formatted(other));
        };
    }

    /// What [#parse] reads.
    public String word() {
        return switch (this) {
            case MODERN -> "modern";
            case CLASSIC -> "2013";
        };
    }

    Duration usual() {
        return usual;
    }

    /// Whether workers go on while an app sleeps.
    boolean sparesWorkers() {
        return this == CLASSIC;
    }

    Optional<Duration> after(Release release, List<FormationEntry> formation) {
        return formation.stream()
                .filter(entry -> entry.type().isWeb() && entry.quantity() > 0)
                .findFirst()
                .flatMap(web -> after(release, web));
    }

    abstract Optional<Duration> after(Release release, FormationEntry web);

    private static Optional<Duration> chosen(Release release) {
        return AppSettings.of(release.config()).sleepAfter();
    }
}
