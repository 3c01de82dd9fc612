package dev.paddock.cli;

import dev.paddock.core.UserError;
import dev.paddock.server.Installation;
import dev.paddock.server.Rehearsal;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `paddock prepare`: what makes every later start fast; the launcher calls it after a build.
@Command(
        name = "prepare",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Starts and ends a platform of its own in a temporary directory, so that java can keep what it loaded and",
            "linked, and unpacks PostgreSQL. Later starts take half the time. Done by itself after a build."
        })
final class PrepareCommand implements Callable<Integer> {
    /// Tells the launcher not to try again with this build.
    private static final int CANNOT = 3;

    @Option(
            names = "--no-install",
            description =
                    "Install no missing packages: go on with what stands in for them, or say what to install and end.")
    boolean noInstall;

    @Override
    public Integer call() {
        try {
            new Rehearsal(Installation.here(), !noInstall).run();
            return Main.DONE;
        } catch (UserError mistake) {
            throw mistake;
        } catch (RuntimeException e) {
            e.printStackTrace();
            return CANNOT;
        }
    }
}
