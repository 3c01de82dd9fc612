package dev.paddock.domains;

import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Host names and IP literals as certificates compare them.
final class Names {
    private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

    private Names() {}

    static boolean isIp(String name) {
        return IPV4.matcher(name).matches() || name.indexOf(':') >= 0;
    }

    /// Whether the host is the domain or below it.
    static boolean within(String host, String domain) {
        return host.equals(domain) || host.endsWith("." + domain);
    }

    static List<String> sorted(String... names) {
        if (names.length == 0) {
            throw new IllegalArgumentException("a certificate needs a name");
        }
        return List.copyOf(
                new TreeSet<>(
                        Stream.of(names).map(name -> name.toLowerCase(Locale.ROOT)).toList()));
    }
}
