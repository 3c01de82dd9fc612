package dev.paddock.cli;

import dev.paddock.core.FullDisk;
import dev.paddock.core.UserError;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;

/// `paddock`: the command that holds all others.
@Command(
        name = "paddock",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Your own Heroku on your own machine.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            UpCommand.class,
            DemoCommand.class,
            DownCommand.class,
            EnvCommand.class,
            StatusCommand.class,
            DoctorCommand.class,
            TopCommand.class,
            UsersCommand.class,
            BillCommand.class,
            BackupCommand.class,
            RestoreCommand.class,
            RouterCommand.class,
            PrepareCommand.class
        })
public final class Main {
    static final int DONE = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;

    /// A process ended by a signal answers with 128 and the signal's number.
    static final int SIGNALLED = 128;

    private Main() {}

    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    static int run(String... arguments) {
        CommandLine line = new CommandLine(new Main());
        line.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        line.setParameterExceptionHandler(usage());
        line.setExecutionExceptionHandler(failure());
        if (arguments.length == 0) {
            line.usage(line.getErr());
            return USAGE;
        }
        return line.execute(arguments);
    }

    private static IParameterExceptionHandler usage() {
        return (mistake, arguments) -> {
            CommandLine command = mistake.getCommandLine();
            command.getErr().println("paddock: " + mistake.getMessage());
            CommandLine.UnmatchedArgumentException.printSuggestions(mistake, command.getErr());
            command.getErr()
                    .println(
                            "Try `%s --help`.".formatted(command.getCommandSpec().qualifiedName()));
            return USAGE;
        };
    }

    private static IExecutionExceptionHandler failure() {
        return (failure, command, result) -> report(failure, command.getErr());
    }

    /// Says why a command could not do what it should, and returns its exit status.
    static int report(Exception failure, PrintWriter err) {
        if (failure instanceof UserError error) {
            err.println("paddock: " + error.message());
            return error.id().equals("invalid_params") ? USAGE : FAILED;
        }
        if (FullDisk.isBehind(failure)) {
            err.println(
                    "paddock: a disk is full: "
                            + failure.getMessage()
                            + "; make room there and try again");
            return FAILED;
        }
        err.println("paddock: unexpected: " + failure);
        failure.printStackTrace(err);
        return FAILED;
    }
}
