package dev.paddock.engine.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// The package registries that the operator's own files name (`~/.npmrc`, pip's `pip.conf`), as environment variables
/// of npm and pip. Never credentials: tokens are no settings that are known here, and a URL with a password is left out.
final class RegistrySettings {
    private static final Map<String, String> NPM =
            Map.of(
                    "registry", "NPM_CONFIG_REGISTRY",
                    "proxy", "NPM_CONFIG_PROXY",
                    "https-proxy", "NPM_CONFIG_HTTPS_PROXY",
                    "noproxy", "NPM_CONFIG_NOPROXY",
                    "strict-ssl", "NPM_CONFIG_STRICT_SSL",
                    "cafile", "NPM_CONFIG_CAFILE");
    private static final Map<String, String> PIP =
            Map.of(
                    "index-url", "PIP_INDEX_URL",
                    "extra-index-url", "PIP_EXTRA_INDEX_URL",
                    "trusted-host", "PIP_TRUSTED_HOST",
                    "proxy", "PIP_PROXY",
                    "cert", "PIP_CERT");
    private static final Map<String, Map<String, String>> FILES =
            Map.of(".npmrc", NPM, ".pip/pip.conf", PIP, ".config/pip/pip.conf", PIP);

    /// A password in a URL, a variable, or a registry that is a folder of this machine.
    private static final Pattern PRIVATE = Pattern.compile("://[^/\\s]*@|\\$\\{|\\bfile:");

    private RegistrySettings() {}

    /// @param home the operator's
    static Map<String, String> read(Path home) {
        Map<String, String> settings = new TreeMap<>();
        FILES.forEach((name, known) -> {
            Path file = home.resolve(name);
            if (Files.isRegularFile(file) && Files.isReadable(file)) {
                try {
                    settings.putAll(parse(Files.readAllLines(file), known));
                } catch (IOException e) {
                    // Not text, or gone: then it names no registry.
                }
            }
        });
        return settings;
    }

    private static Map<String, String> parse(List<String> lines, Map<String, String> known) {
        Map<String, String> settings = new TreeMap<>();
        for (String line : lines) {
            String[] parts = line.strip().split("\\s*=\\s*", 2);
            String name = known.get(parts[0]);
            if (parts.length == 2 && name != null && !PRIVATE.matcher(parts[1]).find()) {
                settings.put(name, parts[1].replaceAll("^\"|\"$", ""));
            }
        }
        return settings;
    }
}
