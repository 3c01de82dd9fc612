package dev.paddock.server;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The Debian packages that isolated dynos need, and how they come onto the machine.
final class HostPackages {
    private static final List<Need> NEEDS =
            List.of(
                    new Need("conmon", "conmon"),
                    new Need("crun", "crun"),
                    new Need("tini", "tini"),
                    new Need("nftables", "nft"),
                    new Need("iproute2", "ip"));

    private static final long INSTALL_LIMIT_MINUTES = 10;

    private final List<Path> directories;

    HostPackages(List<Path> directories) {
        this.directories = directories;
    }

    static HostPackages ofThisMachine() {
        return new HostPackages(
                Stream.of("/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin")
                        .map(Path::of)
                        .toList());
    }

    List<String> missing() {
        return NEEDS.stream()
                .filter(need -> !installed(need.program()))
                .map(Need::debianPackage)
                .toList();
    }

    private boolean installed(String program) {
        return directories.stream()
                .anyMatch(directory -> Files.isExecutable(directory.resolve(program)));
    }

    /// Installs what is missing. Only the superuser can use it: for everybody else the engine chooses a weaker way
    /// and says so.
    void require(boolean mayInstall) {
        List<String> missing = missing();
        if (missing.isEmpty() || !Superuser.here()) {
            return;
        }
        String command = "apt-get install " + String.join(" ", missing);
        if (!mayInstall) {
            throw new UserError(
                    "unavailable",
                    "Dynos need the packages %s, which are missing, and --no-install forbids to install them. Call `%s`, or leave --no-install out."
                            .formatted(String.join(", ", missing), command));
        }
        if (!Files.isExecutable(Path.of("/usr/bin/apt-get"))) {
            throw new UserError(
                    "unavailable",
                    "Dynos need %s, which are missing, and this machine has no apt-get to install them with. Install them as your system does."
                            .formatted(String.join(", ", missing)));
        }
        System.err.println("paddock: installing missing packages: " + command);
        install(missing, command);
    }

    private void install(List<String> packages, String shown) {
        // The lists of a fresh machine are empty or old; a failure shows in the installation.
        run(List.of("apt-get", "-q", "update"));
        List<String> command =
                new ArrayList<>(
                        List.of("apt-get", "-q", "-y", "--no-install-recommends", "install"));
        command.addAll(packages);
        int status = run(command);
        List<String> still = missing();
        if (status != 0 || !still.isEmpty()) {
            throw new UserError(
                    "unavailable",
                    "`%s` failed (status %d); its messages are above. Still missing: %s."
                            .formatted(shown, status, String.join(", ", still)));
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

    /// A Debian package and the program by which its presence is seen.
    private record Need(String debianPackage, String program) {}
}
