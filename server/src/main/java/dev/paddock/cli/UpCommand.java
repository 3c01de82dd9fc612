package dev.paddock.cli;

import dev.paddock.server.Installation;
import dev.paddock.server.Replacement;
import dev.paddock.server.Settings;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `paddock up`: starts or adopts everything and stays in the foreground.
@Command(
        name = "up",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Starts everything on this machine, or adopts what still runs, and stays in the foreground.",
            "Prints one line `ready ...` on stdout when all serves; everything else goes to stderr.",
            "SIGINT and SIGTERM end everything: dynos get 30 s, after a second signal 2 s. SIGUSR1 ends the platform alone."
        })
final class UpCommand implements Callable<Integer> {
    @Mixin ServeOptions options = new ServeOptions();

    @Option(
            names = "--replace",
            description =
                    "Take over from the platform that runs on the same data directory: no request and no dyno is lost.")
    boolean replace;

    @Override
    public Integer call() throws InterruptedException {
        Settings settings = options.settings();
        if (replace) {
            Replacement.makeRoom(settings, Installation.here());
        }
        return new Serving(settings, System.out).run(_ -> {});
    }
}
