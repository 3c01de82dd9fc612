package dev.paddock.cli;

import dev.paddock.core.UserError;
import dev.paddock.formation.FormationRules;
import dev.paddock.formation.SleepPolicy;
import dev.paddock.metering.FreeHours;
import dev.paddock.outbound.AddressBlock;
import dev.paddock.server.HostPort;
import dev.paddock.server.Settings;
import dev.paddock.store.DatabaseAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The flags that `up` and `demo` share.
final class ServeOptions {
    @Mixin DataOption data = new DataOption();

    @Option(
            names = "--api",
            paramLabel = "HOST:PORT",
            description = "API and git, HTTP and TLS on one port. Default: ${DEFAULT-VALUE}")
    String api = "127.0.0.1:5000";

    @Option(
            names = "--rendezvous",
            paramLabel = "HOST:PORT",
            description = "Where attached one-offs are reached. Default: ${DEFAULT-VALUE}")
    String rendezvous = "127.0.0.1:5001";

    @Option(
            names = "--http",
            paramLabel = "HOST:PORT",
            description = "The router's HTTP. Default: ${DEFAULT-VALUE}")
    String http = "127.0.0.1:8080";

    @Option(
            names = "--https",
            paramLabel = "HOST:PORT",
            description = "The router's HTTPS. Default: ${DEFAULT-VALUE}")
    String https = "127.0.0.1:8443";

    @Option(
            names = "--domain",
            paramLabel = "DOMAIN",
            description = "Apps answer below it, as shop.DOMAIN. Default: ${DEFAULT-VALUE}")
    String domain = "localhost";

    @Option(
            names = "--service",
            description =
                    "A signal stops only the platform; router, database and dynos go on and the next start adopts them.")
    boolean service;

    @Option(
            names = "--no-install",
            description =
                    "Install no missing packages: go on with what stands in for them, or say what to install and end.")
    boolean noInstall;

    @Option(
            names = "--memory-overcommit",
            paramLabel = "FACTOR",
            description =
                    "How much memory dynos may reserve, as a multiple of what this machine has. Default: ${DEFAULT-VALUE}")
    double memoryOvercommit = 1;

    @Option(
            names = "--spares",
            paramLabel = "N",
            description =
                    "How many containers to keep ready, one per app, from which web dynos start or wake at once. Default: ${DEFAULT-VALUE}")
    int spares = Settings.SPARES;

    @Option(
            names = "--dyno-disk",
            paramLabel = "MB",
            description =
                    "How much each dyno may write to its disk, from 16. Default: 0, no limit of its own")
    int dynoDisk;

    @Option(
            names = "--build-disk",
            paramLabel = "MB",
            description =
                    "How much each build may write beside its cache and its slug, from 16. Default: 0, no limit of its own")
    int buildDisk;

    @Option(
            names = "--allow-target",
            paramLabel = "CIDR",
            description =
                    "A private network that log drains, webhooks, sources and buildpacks may reach. Repeatable.")
    List<String> allowedTargets = new ArrayList<>();

    @Option(
            names = "--free-hours",
            paramLabel = "PLAN",
            description = {
                "per-app: each app has 750 free dyno hours a month, more is billed.",
                "pool: an account has 1000 for its Eco dynos, which sleep until the next month when they are used up.",
                "Default: ${DEFAULT-VALUE}"
            })
    String freeHours = "per-app";

    @Option(
            names = "--sleep-policy",
            paramLabel = "RULE",
            description = {
                "modern: apps with Eco web dynos sleep after 30 minutes without a request, workers too.",
                "2013: apps with exactly one web dyno of any size sleep after an hour, workers never.",
                "An app's PADDOCK_SLEEP_AFTER_MINUTES sets its time in both. Default: ${DEFAULT-VALUE}"
            })
    String sleepPolicy = "modern";

    @Option(
            names = "--preboot-wait",
            paramLabel = "SECONDS",
            description =
                    "With preboot new web dynos take over this long after they were started, at the earliest; at Heroku about 180. Default: ${DEFAULT-VALUE}, as soon as all are up")
    int prebootWait;

    Settings settings() {
        return new Settings(
                data.path(),
                HostPort.parse("--api", api),
                HostPort.parse("--rendezvous", rendezvous),
                HostPort.parse("--http", http),
                HostPort.parse("--https", https),
                domain,
                service,
                !noInstall,
                memoryOvercommit,
                spares,
                dynoDisk,
                buildDisk,
                allowedTargets.stream().map(AddressBlock::parse).toList(),
                freeHours(),
                new FormationRules(SleepPolicy.parse(sleepPolicy), Duration.ofSeconds(prebootWait)),
                DatabaseAddress.named(System.getenv()));
    }

    private FreeHours freeHours() {
        return switch (freeHours) {
            case "per-app" -> FreeHours.PER_APP;
            case "pool" -> FreeHours.POOL;
            case String other ->
                    throw UserError.invalid(
                            "--free-hours %s is unknown: choose per-app or pool.".formatted(other));
        };
    }
}
