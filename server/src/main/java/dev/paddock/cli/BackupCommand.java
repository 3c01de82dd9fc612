package dev.paddock.cli;

import dev.paddock.server.Backup;
import dev.paddock.server.Installation;
import dev.paddock.store.DatabaseAddress;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `paddock backup`: the whole platform in a file, while it runs or not.
@Command(
        name = "backup",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Writes database, git repositories, slugs, build outputs, audit log and the flags of `up` into FILE, while the platform runs or not.",
            "Nothing is stopped. FILE appears when it is whole and on the disk, in place of an earlier one; only its owner may read it.",
            "The keys that open what is sealed in it go into FILE.keys: keep that in another place. Logs and caches are left out."
        })
final class BackupCommand implements Callable<Integer> {
    @Mixin DataOption data = new DataOption();

    @Parameters(paramLabel = "FILE", description = "Where the backup goes.")
    Path file = Path.of("");

    @Option(
            names = "--with-keys",
            description =
                    "Put the keys into FILE itself, for a place that is guarded as the data directory is.")
    boolean withKeys;

    @Override
    public Integer call() {
        PrintStream out = System.out;
        new Backup(
                        data.path(),
                        Installation.here(),
                        DatabaseAddress.named(System.getenv()),
                        out::println)
                .save(file.toAbsolutePath().normalize(), withKeys);
        return Main.DONE;
    }
}
