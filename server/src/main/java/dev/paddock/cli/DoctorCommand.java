package dev.paddock.cli;

import dev.paddock.doctor.Diagnosis;
import dev.paddock.doctor.Finding;
import dev.paddock.doctor.MachineReader;
import dev.paddock.server.Installation;
import dev.paddock.server.MachineChanges;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `paddock doctor`: what this machine gives and lacks. Exit status 0 when it has everything, 1 when it has not.
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Says what this machine gives and lacks, what is weaker for it and what to do, and lists what the platform",
            "has changed on the machine. Changes nothing. Exit status 1 when something is weaker or missing."
        })
final class DoctorCommand implements Callable<Integer> {
    private static final int WIDTH = 100;
    private static final String INDENT = " ".repeat(25);

    @Mixin DataOption data = new DataOption();

    @Override
    public Integer call() {
        Path path = data.path();
        Diagnosis diagnosis = Diagnosis.of(MachineReader.read(path, Installation.here()));
        print(diagnosis, MachineChanges.of(path), path, System.out);
        return diagnosis.bad().isEmpty() ? Main.DONE : Main.FAILED;
    }

    static void print(Diagnosis diagnosis, List<String> changes, Path data, PrintStream out) {
        diagnosis.findings().forEach(finding -> print(finding, out));
        out.println();
        if (changes.isEmpty()) {
            out.println("Nothing on this machine was changed for " + data + ".");
        } else {
            out.println("Changed on this machine for " + data + ":");
            changes.forEach(change -> out.println("  " + change));
            out.println("`./paddock down --purge` undoes all of it; packages stay installed.");
        }
        out.println();
        out.println(verdict(diagnosis.bad()));
    }

    private static void print(Finding finding, PrintStream out) {
        String level = finding.level().name().toLowerCase(Locale.ROOT);
        out.printf("%-8s %-15s %s%n", level, finding.subject(), finding.found());
        for (String text : List.of(finding.meaning(), finding.remedy())) {
            wrapped(text).forEach(line -> out.println(INDENT + line));
        }
    }

    private static List<String> wrapped(String text) {
        int width = WIDTH - INDENT.length();
        return text.isEmpty()
                ? List.of()
                : List.of(text.replaceAll("(.{1," + width + "})(?: |$)", "$1\n").split("\n"));
    }

    private static String verdict(List<Finding> bad) {
        if (bad.isEmpty()) {
            return "This machine gives Paddock everything it needs.";
        }
        boolean cannotRun =
                bad.stream().anyMatch(finding -> finding.level() == Finding.Level.MISSING);
        String subjects = bad.stream().map(Finding::subject).collect(Collectors.joining(", "));
        return (cannotRun
                        ? "Apps cannot run on this machine as it is: "
                        : "Apps run, but something is weaker: ")
                + subjects
                + ".";
    }
}
