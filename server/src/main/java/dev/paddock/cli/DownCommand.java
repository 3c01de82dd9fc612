package dev.paddock.cli;

import dev.paddock.server.Teardown;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `paddock down`: ends everything, and with `--purge` undoes every change to the machine.
@Command(
        name = "down",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description =
                "Ends dynos, router, platform and database, also those that a dead platform left behind.")
final class DownCommand implements Callable<Integer> {
    @Mixin DataOption data = new DataOption();

    @Option(
            names = "--purge",
            description =
                    "Also removes the data directory with all apps, and undoes every change to the machine (not the installed packages).")
    boolean purge;

    @Override
    public Integer call() {
        PrintStream out = System.out;
        Teardown teardown = new Teardown(data.path(), out::println);
        if (purge) {
            teardown.purge();
        } else {
            teardown.stop();
        }
        return Main.DONE;
    }
}
