package dev.paddock.server;

import dev.paddock.engine.local.Isolation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// What a running platform tells other commands about itself, in its runtime directory. No secrets: everybody may
/// read it.
public record PlatformRecord(
        ProcessMark process,
        String version,
        Instant readySince,
        Path data,
        String api,
        String rendezvous,
        String http,
        String https,
        String domain,
        Path ca,
        Isolation isolation,
        Optional<ProcessMark> database,
        Optional<String> externalDatabase) {

    /// The record left in this runtime directory, whether its platform lives or not.
    public static Optional<PlatformRecord> read(RuntimeDirectory runtime) {
        try {
            Map<String, String> values = SmallFiles.read(runtime.platformRecord());
            return ProcessMark.parse(values.getOrDefault("process", ""))
                    .map(process -> of(process, values));
        } catch (IOException | DateTimeParseException noneOrTorn) {
            return Optional.empty();
        }
    }

    private static PlatformRecord of(ProcessMark process, Map<String, String> values) {
        return new PlatformRecord(
                process,
                values.getOrDefault("version", ""),
                Instant.parse(values.getOrDefault("ready", "")),
                Path.of(values.getOrDefault("data", "")),
                values.getOrDefault("api", ""),
                values.getOrDefault("rendezvous", ""),
                values.getOrDefault("http", ""),
                values.getOrDefault("https", ""),
                values.getOrDefault("domain", ""),
                Path.of(values.getOrDefault("ca", "")),
                isolation(values.getOrDefault("isolation", "")),
                ProcessMark.parse(values.getOrDefault("database", "")),
                Optional.ofNullable(values.get("external-database")));
    }

    /// Platforms that did not say had containers.
    private static Isolation isolation(String name) {
        return Stream.of(Isolation.values())
                .filter(known -> known.name().equals(name))
                .findFirst()
                .orElse(Isolation.CONTAINERS);
    }

    void write(RuntimeDirectory runtime) {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("process", process.toString());
        values.put("version", version);
        values.put("ready", readySince.toString());
        values.put("data", data.toString());
        values.put("api", api);
        values.put("rendezvous", rendezvous);
        values.put("http", http);
        values.put("https", https);
        values.put("domain", domain);
        values.put("ca", ca.toString());
        values.put("isolation", isolation.name());
        database.ifPresent(mark -> values.put("database", mark.toString()));
        externalDatabase.ifPresent(server -> values.put("external-database", server));
        SmallFiles.writeReadable(runtime.platformRecord(), values);
    }

    static void remove(RuntimeDirectory runtime) {
        try {
            Files.deleteIfExists(runtime.platformRecord());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The line that `up` prints when everything serves.
    public String readyLine() {
        return "ready api=http://localhost:%s http=http://%s https=https://%s domain=%s ca=%s data=%s"
                .formatted(port(api), http, https, domain, ca, data);
    }

    public static String port(String address) {
        return address.substring(address.lastIndexOf(':') + 1);
    }
}
