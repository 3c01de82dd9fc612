package dev.paddock.server;

import dev.paddock.core.UserError;
import dev.paddock.formation.FormationRules;
import dev.paddock.formation.SleepPolicy;
import dev.paddock.metering.FreeHours;
import dev.paddock.outbound.AddressBlock;
import dev.paddock.store.DatabaseAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// What the operator chose for one platform.
///
/// @param service whether a signal stops only the platform and leaves router, database and dynos running
/// @param installs whether missing Debian packages may be installed
/// @param memoryOvercommit how much memory dynos may reserve, as a multiple of what the machine has
/// @param spares how many containers are kept ahead for the next starts of web dynos
/// @param dynoDiskMegabytes how much each dyno may write to its disk; 0 for no limit
/// @param buildDiskMegabytes how much each build may write to its disk; 0 for no limit
/// @param allowedTargets networks that tenants may make the platform reach though they are private
/// @param freeHours what costs nothing each month
/// @param rules which apps sleep when, and when new web dynos take over at the earliest
/// @param database a server for the state, in place of one of our own
public record Settings(
        Path data,
        HostPort api,
        HostPort rendezvous,
        HostPort http,
        HostPort https,
        String domain,
        boolean service,
        boolean installs,
        double memoryOvercommit,
        int spares,
        int dynoDiskMegabytes,
        int buildDiskMegabytes,
        List<AddressBlock> allowedTargets,
        FreeHours freeHours,
        FormationRules rules,
        Optional<DatabaseAddress> database) {
    private static final Pattern DOMAIN =
            Pattern.compile("[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*");
    private static final int MAX_DOMAIN_LENGTH = 200;
    private static final double LEAST_OVERCOMMIT = 0.1;
    private static final double MOST_OVERCOMMIT = 100;

    /// Unless the operator chooses.
    public static final int SPARES = 8;

    /// Each takes one of the 512 places for dynos, and about 1.5 MB.
    private static final int MOST_SPARES = 64;

    /// A file system with room for something.
    private static final int LEAST_DISK = 16;

    private static final int MOST_DISK = 1 << 20;
    private static final int MEGABYTE_BITS = 20;
    private static final Duration LONGEST_PREBOOT_WAIT = Duration.ofMinutes(10);

    public Settings {
        domain = domain.toLowerCase(Locale.ROOT);
        if (domain.length() > MAX_DOMAIN_LENGTH || !DOMAIN.matcher(domain).matches()) {
            throw UserError.invalid(
                    "--domain %s is no domain name: letters, digits, hyphens and dots, as apps.example.com."
                            .formatted(domain));
        }
        List<Integer> ports = List.of(api.port(), rendezvous.port(), http.port(), https.port());
        if (ports.stream().distinct().count() < ports.size()) {
            throw UserError.invalid(
                    "--api %s, --rendezvous %s, --http %s and --https %s need four different ports."
                            .formatted(api, rendezvous, http, https));
        }
        if (!(memoryOvercommit >= LEAST_OVERCOMMIT && memoryOvercommit <= MOST_OVERCOMMIT)) {
            throw UserError.invalid(
                    "--memory-overcommit %s must be a number from %s to %s."
                            .formatted(memoryOvercommit, LEAST_OVERCOMMIT, MOST_OVERCOMMIT));
        }
        if (spares < 0 || spares > MOST_SPARES) {
            throw UserError.invalid(
                    "--spares %d must be a number from 0 to %d.".formatted(spares, MOST_SPARES));
        }
        requireDisk("--dyno-disk", dynoDiskMegabytes);
        requireDisk("--build-disk", buildDiskMegabytes);
        if (rules.prebootWait().isNegative()
                || rules.prebootWait().compareTo(LONGEST_PREBOOT_WAIT) > 0) {
            throw UserError.invalid(
                    "--preboot-wait %d must be a number of seconds from 0 to %d."
                            .formatted(
                                    rules.prebootWait().toSeconds(),
                                    LONGEST_PREBOOT_WAIT.toSeconds()));
        }
        allowedTargets = List.copyOf(allowedTargets);
    }

    private static void requireDisk(String flag, int megabytes) {
        if (megabytes != 0 && (megabytes < LEAST_DISK || megabytes > MOST_DISK)) {
            throw UserError.invalid(
                    "%s %d must be 0 or a number of MB from %d to %d."
                            .formatted(flag, megabytes, LEAST_DISK, MOST_DISK));
        }
    }

    /// The flags of `up` that mean the same, but for the data directory and the database; a line each.
    List<String> flags() {
        List<String> flags = new ArrayList<>();
        flags.add("--api " + api);
        flags.add("--rendezvous " + rendezvous);
        flags.add("--http " + http);
        flags.add("--https " + https);
        flags.add("--domain " + domain);
        if (service) {
            flags.add("--service");
        }
        if (!installs) {
            flags.add("--no-install");
        }
        if (memoryOvercommit != 1) {
            flags.add("--memory-overcommit " + memoryOvercommit);
        }
        if (spares != SPARES) {
            flags.add("--spares " + spares);
        }
        if (dynoDiskMegabytes > 0) {
            flags.add("--dyno-disk " + dynoDiskMegabytes);
        }
        if (buildDiskMegabytes > 0) {
            flags.add("--build-disk " + buildDiskMegabytes);
        }
        allowedTargets.forEach(target -> flags.add("--allow-target " + target));
        if (freeHours != FreeHours.PER_APP) {
            flags.add("--free-hours " + freeHours.name().toLowerCase(Locale.ROOT));
        }
        if (rules.sleep() != SleepPolicy.MODERN) {
            flags.add("--sleep-policy " + rules.sleep().word());
        }
        if (!rules.prebootWait().isZero()) {
            flags.add("--preboot-wait " + rules.prebootWait().toSeconds());
        }
        return flags;
    }

    long dynoDiskBytes() {
        return (long) dynoDiskMegabytes << MEGABYTE_BITS;
    }

    long buildDiskBytes() {
        return (long) buildDiskMegabytes << MEGABYTE_BITS;
    }
}
