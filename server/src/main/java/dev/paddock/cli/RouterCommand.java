package dev.paddock.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/// `paddock router` in the list of commands. The launcher itself starts the router, with the router's libraries alone.
@Command(
        name = "router",
        description = "The router alone, fed by a routes file; see paddock router --help.")
final class RouterCommand implements Callable<Integer> {
    @Unmatched String[] flags = {};

    @Override
    public Integer call() {
        System.err.println(
                "paddock: the router is started by the launcher: ./paddock router "
                        + String.join(" ", flags));
        return Main.USAGE;
    }
}
