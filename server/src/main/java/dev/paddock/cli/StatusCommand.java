package dev.paddock.cli;

import dev.paddock.server.PlatformRecord;
import dev.paddock.server.Status;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `paddock status`: what runs. Exit status 0 when the platform does, 1 when it does not.
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Prints what runs, with ports, versions and uptime.",
            "Exit status 1 when the platform does not run."
        })
final class StatusCommand implements Callable<Integer> {
    @Mixin DataOption data = new DataOption();

    @Override
    public Integer call() {
        Path path = data.path();
        Status status = Status.of(path);
        print(status, path, System.out);
        if (status.platform().isEmpty()) {
            System.err.println(
                    "paddock: no platform runs on %s. Start it with `paddock up`%s."
                            .formatted(
                                    path,
                                    status.router().isPresent()
                                            ? "; it adopts what is left running"
                                            : ""));
            return Main.FAILED;
        }
        return Main.DONE;
    }

    static void print(Status status, Path data, PrintStream out) {
        PlatformRecord known = status.known().orElse(null);
        status.platform()
                .ifPresentOrElse(
                        process ->
                                line(
                                        out,
                                        "platform",
                                        "process %d, version %s, ready since %s"
                                                .formatted(
                                                        process.pid(),
                                                        known == null ? "?" : known.version(),
                                                        known == null
                                                                ? "?"
                                                                : ago(known.readySince()))),
                        () -> line(out, "platform", "not running"));
        if (known != null && status.platform().isPresent()) {
            line(out, "api", "http://localhost:" + PlatformRecord.port(known.api()));
            line(out, "rendezvous", known.rendezvous());
        }
        line(
                out,
                "router",
                running(status.router())
                        + (known == null
                                ? ""
                                : ", http " + known.http() + ", https " + known.https()));
        line(
                out,
                "database",
                status.known()
                        .flatMap(PlatformRecord::externalDatabase)
                        .map(server -> server + ", not ours to start or stop")
                        .orElseGet(() -> running(status.database())));
        line(out, "dynos", status.dynos().map(n -> n + " running").orElse("not visible to you"));
        if (known != null) {
            line(out, "isolation", known.isolation().text());
            line(out, "domain", known.domain());
            line(out, "ca", known.ca().toString());
        }
        line(out, "data", data.toString());
    }

    private static void line(PrintStream out, String name, String value) {
        out.printf("%-11s%s%n", name, value);
    }

    private static String running(Optional<Long> pid) {
        return pid.map(number -> "process " + number).orElse("not running");
    }

    private static String ago(Instant since) {
        Duration past = Duration.between(since, Instant.now());
        return past.toDays() > 0
                ? "%d d %d h".formatted(past.toDays(), past.toHoursPart())
                : past.toHours() > 0
                        ? "%d h %d min".formatted(past.toHours(), past.toMinutesPart())
                        : past.toMinutes() > 0
                                ? "%d min".formatted(past.toMinutes())
                                : past.toSeconds() + " s";
    }
}
