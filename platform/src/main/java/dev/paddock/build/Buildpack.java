package dev.paddock.build;

import dev.paddock.core.UserError;
import dev.paddock.outbound.OutboundTargets;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A buildpack that a user chose: one of ours by name, or one at a URL.
public record Buildpack(String name) {
    static final List<String> OURS =
            List.of("ruby", "nodejs", "python", "java", "static", "procfile", "apt");

    private static final Set<String> SCHEMES = Set.of("http", "https");
    private static final Pattern NAMED =
            Pattern.compile(
                    "(?:urn:buildpack:)?(?:heroku|heroku-community|paddock)/([a-z0-9-]{1,40})");

    /// What the Heroku CLI makes of the name of a registered one.
    private static final Pattern REGISTERED =
            Pattern.compile(
                    "https://buildpack-registry\\.s3\\.amazonaws\\.com/buildpacks/"
                            + "(?:heroku|heroku-community)/([a-z0-9-]{1,40})\\.tgz");

    private static final Pattern ARCHIVE =
            Pattern.compile("(?i).*\\.(tgz|tar\\.gz|tar)|.*/(tarball|archive)/.*");

    /// Parses what a user gives; throws UserError for a name we do not have and for a URL that may not be reached.
    public static Buildpack parse(String text, OutboundTargets targets) {
        Matcher registered = REGISTERED.matcher(text);
        if (registered.matches() && OURS.contains(registered.group(1))) {
            return new Buildpack("heroku/" + registered.group(1));
        }
        Matcher named = NAMED.matcher(text);
        if (named.matches()) {
            if (!OURS.contains(named.group(1))) {
                throw UserError.invalid(
                        "There is no buildpack "
                                + text
                                + " on this platform; give a URL, or one of heroku/"
                                + String.join(", heroku/", OURS)
                                + ".");
            }
            return new Buildpack("heroku/" + named.group(1));
        }
        targets.check(text, SCHEMES);
        return new Buildpack(text);
    }

    /// The folder of our own.
    Optional<String> ours() {
        Matcher named = NAMED.matcher(name);
        return named.matches() && OURS.contains(named.group(1))
                ? Optional.of(named.group(1))
                : Optional.empty();
    }

    /// Where it is, without the branch.
    URI url() {
        URI whole = URI.create(name);
        return URI.create(
                whole.getRawFragment() == null ? name : name.substring(0, name.indexOf('#')));
    }

    /// The branch, tag or commit that the URL names behind `#`.
    Optional<String> revision() {
        return Optional.ofNullable(URI.create(name).getFragment()).filter(it -> !it.isBlank());
    }

    boolean isArchive() {
        String path = String.valueOf(url().getPath()).toLowerCase(Locale.ROOT);
        return ARCHIVE.matcher(path).matches();
    }

    /// As it may be shown: without a password.
    String shown() {
        return name.replaceFirst("://[^/@]*@", "://");
    }
}
