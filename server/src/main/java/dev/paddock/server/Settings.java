package dev.paddock.server;

import dev.paddock.core.UserError;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/// What the operator chose for one platform.
///
/// @param service whether a signal stops only the platform and leaves router, database and dynos running
/// @param installs whether missing Debian packages may be installed
/// @param allowedTargets networks that log drains may reach though they are private, as `10.0.0.0/8`
public record Settings(
        Path data,
        HostPort api,
        HostPort rendezvous,
        HostPort http,
        HostPort https,
        String domain,
        boolean service,
        boolean installs,
        List<String> allowedTargets) {
    private static final Pattern DOMAIN =
            Pattern.compile("[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*");
    private static final int MAX_DOMAIN_LENGTH = 200;
    private static final Pattern CIDR = Pattern.compile("[0-9a-fA-F.:]+/[0-9]{1,3}");

    public Settings {
        domain = domain.toLowerCase(Locale.ROOT);
        if (domain.length() > MAX_DOMAIN_LENGTH || !DOMAIN.matcher(domain).matches()) {
            throw UserError.invalid(
                    "--domain %s is no domain name: letters, digits, hyphens and dots, as apps.example.com."
                            .formatted(domain));
        }
        for (String target : allowedTargets) {
            if (!CIDR.matcher(target).matches()) {
                throw UserError.invalid(
                        "--allow-target %s is no network: give it as 10.0.0.0/8."
                                .formatted(target));
            }
        }
        List<Integer> ports = List.of(api.port(), rendezvous.port(), http.port(), https.port());
        if (ports.stream().distinct().count() < ports.size()) {
            throw UserError.invalid(
                    "--api %s, --rendezvous %s, --http %s and --https %s need four different ports."
                            .formatted(api, rendezvous, http, https));
        }
        allowedTargets = List.copyOf(allowedTargets);
    }
}
