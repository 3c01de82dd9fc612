package dev.paddock.cli;

import dev.paddock.server.Installation;
import dev.paddock.server.Restore;
import dev.paddock.store.DatabaseAddress;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `paddock restore`: a data directory out of a backup.
@Command(
        name = "restore",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Makes a data directory out of a backup; `up` then brings the apps up as they were.",
            "The directory must be missing or empty. A file that is torn, changed or no backup is refused, and nothing is left of it."
        })
final class RestoreCommand implements Callable<Integer> {
    @Mixin DataOption data = new DataOption();

    @Parameters(paramLabel = "FILE", description = "What `paddock backup` wrote.")
    Path file = Path.of("");

    @Option(
            names = "--keys",
            paramLabel = "FILE",
            description =
                    "The keys that `paddock backup` wrote beside it, or a copy of DATA/keys/secrets.key. Default: in the backup, or FILE.keys.")
    @Nullable Path keys;

    @Override
    public Integer call() {
        PrintStream out = System.out;
        new Restore(
                        data.path(),
                        Installation.here(),
                        DatabaseAddress.named(System.getenv()),
                        out::println)
                .from(file.toAbsolutePath().normalize(), Optional.ofNullable(keys));
        return Main.DONE;
    }
}
