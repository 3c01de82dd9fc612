package dev.paddock.server;

import dev.paddock.core.UserError;
import dev.paddock.engine.local.Lack;
import dev.paddock.engine.local.LocalMachine;
import dev.paddock.store.DatabaseAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// The Debian packages that isolated dynos need, and how they come onto the machine. Which are missing, and whether
/// dynos run without them, says the engine.
final class HostPackages {
    private static final Path APT = Path.of("/usr/bin/apt-get");
    private static final long INSTALL_LIMIT_MINUTES = 10;

    private final Supplier<LocalMachine> machine;

    /// @param machine looks at it anew
    HostPackages(Supplier<LocalMachine> machine) {
        this.machine = machine;
    }

    static HostPackages ofThisMachine() {
        return new HostPackages(() -> LocalMachine.read(System.getenv()));
    }

    List<String> missing() {
        return machine.get().missingPackages();
    }

    /// Installs what is missing, if it may and can. Throws UserError when dynos cannot run even so; what is only weaker
    /// the engine announces.
    void require(boolean mayInstall) {
        List<String> missing = missing();
        if (!missing.isEmpty() && Superuser.here() && mayInstall && Files.isExecutable(APT)) {
            install(missing);
        }
        LocalMachine now = machine.get();
        List<Lack> essential = now.lacks().stream().filter(Lack::essential).toList();
        if (!essential.isEmpty()) {
            throw new UserError(
                    "unavailable", refusal(essential, now.missingPackages(), mayInstall));
        }
    }

    private static String refusal(List<Lack> essential, List<String> packages, boolean mayInstall) {
        String reasons = essential.stream().map(Lack::text).collect(Collectors.joining(" "));
        String together =
                packages.isEmpty()
                        ? ""
                        : " All missing packages together: `apt-get install %s`%s."
                                .formatted(
                                        String.join(" ", packages),
                                        mayInstall
                                                ? ""
                                                : ", which --no-install forbids Paddock to do itself");
        return reasons + together + " `./paddock doctor` says more about this machine.";
    }

    private void install(List<String> packages) {
        System.err.println(
                "paddock: installing missing packages: apt-get install "
                        + String.join(" ", packages));
        // The lists of a fresh machine are empty or old; a failure shows in the installation.
        run(List.of("apt-get", "-q", "update"));
        List<String> command =
                new ArrayList<>(
                        List.of("apt-get", "-q", "-y", "--no-install-recommends", "install"));
        command.addAll(packages);
        int status = run(command);
        List<String> still = missing();
        if (status != 0 || !still.isEmpty()) {
            System.err.printf(
                    "paddock: the installation failed (status %d); its messages are above. Still missing: %s.%n",
                    status, String.join(", ", still));
        }
    }

    private static int run(List<String> command) {
        List<String> outputToStderr = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" >&2", "sh"));
        outputToStderr.addAll(command);
        ProcessBuilder builder =
                new ProcessBuilder(outputToStderr)
                        .redirectInput(Path.of("/dev/null").toFile())
                        .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                        .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
        builder.environment().remove(DatabaseAddress.VARIABLE);
        try {
            Process process = builder.start();
            if (!process.waitFor(INSTALL_LIMIT_MINUTES, TimeUnit.MINUTES)) {
                process.destroyForcibly();
            }
            return process.waitFor();
        } catch (IOException e) {
            throw new UserError(
                    "unavailable", "Could not run %s: %s.".formatted(command.getFirst(), e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("unavailable", "Interrupted while installing packages.");
        }
    }
}
