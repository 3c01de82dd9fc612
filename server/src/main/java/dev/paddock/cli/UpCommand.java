package dev.paddock.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `paddock up`: starts or adopts everything and stays in the foreground.
@Command(
        name = "up",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Starts everything on this machine, or adopts what still runs, and stays in the foreground.",
            "Prints one line `ready ...` on stdout when all serves; everything else goes to stderr.",
            "SIGINT and SIGTERM end everything: dynos get 30 s, after a second signal 2 s."
        })
final class UpCommand implements Callable<Integer> {
    @Mixin ServeOptions options = new ServeOptions();

    @Override
    public Integer call() throws InterruptedException {
        return new Serving(options.settings(), System.out).run(_ -> {});
    }
}
