package dev.paddock.drains;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// A drain's URL, taken apart.
///
/// @param verified whether its certificate must be trusted and be the host's
/// @param path with the query; of HTTP alone
/// @param authorization the value of the header that a user and password in the URL ask for
record DrainTarget(
        Protocol protocol,
        String host,
        int port,
        boolean verified,
        String path,
        Optional<String> authorization) {
    static final Set<String> SCHEMES = Set.of("http", "https", "syslog", "syslog+tls");

    /// What is spoken to a target.
    enum Protocol {
        HTTP("http", 80),
        HTTPS("https", 443),
        SYSLOG("syslog", 514),
        SYSLOG_TLS("syslog+tls", 6514);

        private final String scheme;
        private final int usualPort;

        Protocol(String scheme, int usualPort) {
            this.scheme = scheme;
            this.usualPort = usualPort;
        }

        boolean isSyslog() {
            return this == SYSLOG || this == SYSLOG_TLS;
        }

        boolean isSecure() {
            return this == HTTPS || this == SYSLOG_TLS;
        }
    }

    /// Of a URL that was checked: it has a host and one of our schemes.
    static DrainTarget of(URI checked) {
        URI url = URI.create(checked.toASCIIString());
        String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
        Protocol protocol =
                Arrays.stream(Protocol.values())
                        .filter(known -> known.scheme.equals(scheme))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException(scheme));
        String query = url.getRawQuery();
        String path =
                url.getRawPath() == null || url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        boolean careless = query != null && Arrays.asList(query.split("&")).contains("insecure");
        return new DrainTarget(
                protocol,
                url.getHost(),
                url.getPort() < 0 ? protocol.usualPort : url.getPort(),
                !(protocol.isSyslog() && careless),
                query == null ? path : path + "?" + query,
                Optional.ofNullable(url.getRawUserInfo()).map(DrainTarget::basic));
    }

    private static String basic(String userInfo) {
        // A plus means itself here, unlike in a form.
        String plain = URLDecoder.decode(userInfo.replace("+", "%2B"), StandardCharsets.UTF_8);
        String pair = plain.indexOf(':') < 0 ? plain + ":" : plain;
        return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    }

    /// The Host header.
    String authority() {
        return port == protocol.usualPort ? host : host + ":" + port;
    }

    /// Without what may be secret.
    @Override
    public String toString() {
        return protocol.scheme + "://" + host + ":" + port + "/";
    }
}
