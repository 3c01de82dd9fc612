package dev.paddock.api;

import java.net.InetSocketAddress;
import java.util.Set;

/// Where the API listens and how the platform is reached from outside.
///
/// @param bind port 0 takes a free one
/// @param domain apps answer at `APP.domain`
/// @param httpPort the router's, for the URLs of apps
/// @param otherHosts names besides localhost and 127.0.0.1 that requests may carry in their Host header
public record ApiSettings(
        InetSocketAddress bind, String domain, int httpPort, Set<String> otherHosts) {
    private static final int HTTP = 80;

    public ApiSettings {
        otherHosts = Set.copyOf(otherHosts);
    }

    /// The URL of an app through the router, as `heroku create` prints it.
    String webUrl(String app) {
        return "http://" + hostname(app) + (httpPort == HTTP ? "" : ":" + httpPort) + "/";
    }

    String hostname(String app) {
        return app + "." + domain;
    }
}
