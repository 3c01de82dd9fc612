package dev.paddock.domains;

import dev.paddock.core.UserError;
import java.net.IDN;
import java.util.Locale;
import java.util.regex.Pattern;

/// The host name of a custom domain as DNS has it: lower case, other scripts in Punycode, `*.` before a wildcard.
public record Hostname(String value) {
    private static final String WILDCARD = "*.";
    private static final int MAX_LENGTH = 253;
    private static final int MAX_SHOWN = 100;
    private static final Pattern NAME =
            Pattern.compile(
                    "([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?");

    /// Throws UserError for what is no name of a host below a top-level domain.
    public static Hostname parse(String text) {
        String name = text.strip().toLowerCase(Locale.ROOT);
        boolean wildcard = name.startsWith(WILDCARD);
        String host = ascii(wildcard ? name.substring(WILDCARD.length()) : name);
        if (host.length() > MAX_LENGTH - WILDCARD.length() || !NAME.matcher(host).matches()) {
            throw UserError.invalid(
                    (text.length() > MAX_SHOWN ? text.substring(0, MAX_SHOWN) + "..." : text)
                            + " is not a valid hostname: give one like www.example.com, or"
                            + " *.example.com for all names directly below it.");
        }
        return new Hostname(wildcard ? WILDCARD + host : host);
    }

    /// Empty when it cannot be a host name at all.
    private static String ascii(String name) {
        try {
            String ascii = IDN.toASCII(name).toLowerCase(Locale.ROOT);
            return ascii.endsWith(".") ? ascii.substring(0, ascii.length() - 1) : ascii;
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    boolean isWildcard() {
        return value.startsWith(WILDCARD);
    }

    /// What stands behind the first label, with the dot: that of a wildcard and of all names it stands for.
    String suffix() {
        return value.substring(value.indexOf('.'));
    }

    /// Whether it is the domain or below it.
    boolean isWithin(String domain) {
        return Names.within(value, domain);
    }

    @Override
    public String toString() {
        return value;
    }
}
