package dev.paddock.engine.local;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What builds are told about this machine's way to the outside: proxies, certificates, package registries. Never
/// credentials.
final class BuildEnvironment {
    private static final List<String> PROXIES =
            List.of("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY");
    private static final List<String> FILES =
            List.of(
                    "NODE_EXTRA_CA_CERTS",
                    "SSL_CERT_FILE",
                    "CURL_CA_BUNDLE",
                    "REQUESTS_CA_BUNDLE",
                    "PIP_CERT",
                    "GIT_SSL_CAINFO",
                    "NPM_CONFIG_CAFILE");
    private static final List<String> REGISTRIES =
            List.of(
                    "NPM_CONFIG_REGISTRY",
                    "NPM_CONFIG_PROXY",
                    "NPM_CONFIG_HTTPS_PROXY",
                    "NPM_CONFIG_NOPROXY",
                    "NPM_CONFIG_STRICT_SSL",
                    "PIP_INDEX_URL",
                    "PIP_EXTRA_INDEX_URL",
                    "PIP_TRUSTED_HOST",
                    "PIP_PROXY",
                    "GOPROXY",
                    "YARN_NPM_REGISTRY_SERVER");

    private BuildEnvironment() {}

    /// @param host the platform's own environment
    /// @param stack shows certificate files to dynos
    static Map<String, String> of(Map<String, String> host, HostStack stack) {
        Map<String, String> all = withFiles(host);
        Map<String, String> environment = settings(all);
        all.forEach((name, value) -> {
            if (FILES.contains(name.toUpperCase(Locale.ROOT)) && value.startsWith("/")) {
                Optional<String> visible = stack.visible(Path.of(value));
                visible.ifPresent(path -> environment.put(name, path));
            }
        });
        return environment;
    }

    /// What the operator's files say is overruled by the environment.
    static Map<String, String> withFiles(Map<String, String> host) {
        Map<String, String> all = new TreeMap<>();
        String home = host.get("HOME");
        if (home != null && home.startsWith("/")) {
            all.putAll(RegistrySettings.read(Path.of(home)));
        }
        host.keySet().forEach(name -> all.remove(name.toUpperCase(Locale.ROOT)));
        all.putAll(host);
        return all;
    }

    /// Those that name no files.
    static Map<String, String> settings(Map<String, String> host) {
        Map<String, String> settings = new TreeMap<>();
        host.forEach((name, value) -> {
            String upper = name.toUpperCase(Locale.ROOT);
            if (PROXIES.contains(upper) || REGISTRIES.contains(upper)) {
                settings.put(name, value);
            }
        });
        return settings;
    }

    /// Whether a proxy listens on this machine's loopback, which a dyno cannot reach.
    static boolean proxyOnLoopback(Map<String, String> environment) {
        return environment.entrySet().stream()
                .filter(entry -> entry.getKey().toUpperCase(Locale.ROOT).endsWith("PROXY"))
                .filter(entry -> !entry.getKey().equalsIgnoreCase("NO_PROXY"))
                .anyMatch(entry -> entry.getValue().matches(".*(127\\.0\\.0\\.|localhost).*"));
    }
}
