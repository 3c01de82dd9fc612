package dev.paddock.server;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/// Finds out whether an address can be listened on, and who holds it if not.
final class Ports {
    private static final String LISTENING = "0A";
    private static final int COMMAND_LENGTH = 100;
    private static final Path FIRST_OF_ALL =
            Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    private static final int USUAL_FIRST_OF_ALL = 1024;

    private Ports() {}

    /// Throws UserError naming the holder. Binds without SO_REUSEPORT: with it, a second platform would silently share
    /// the port of the first.
    static void requireFree(String flag, HostPort address) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(address.socketAddress());
        } catch (IOException e) {
            if (isForbidden(address.port())) {
                throw new UserError(
                        "forbidden",
                        "Cannot listen on %s (%s): ports below %d are for root on this machine. Choose another port with %s, or start Paddock as root."
                                .formatted(address, flag, firstOfAll(), flag));
            }
            String holder =
                    holder(address.port()).map(who -> " It is held by " + who + ".").orElse("");
            throw new UserError(
                    "conflict",
                    "Cannot listen on %s (%s): %s.%s Stop that program or choose another port with %s."
                            .formatted(address, flag, e.getMessage(), holder, flag));
        }
    }

    private static boolean isForbidden(int port) {
        return !Superuser.here() && port < firstOfAll();
    }

    /// The first port that every user may listen on.
    private static int firstOfAll() {
        try {
            // Such a number can only be read at once, as a line; readString begins with one byte.
            return Integer.parseInt(Files.readAllLines(FIRST_OF_ALL).getFirst());
        } catch (IOException oldKernel) {
            return USUAL_FIRST_OF_ALL;
        }
    }

    /// Pid and command of the process that listens on the port, as far as this user may see it.
    static Optional<String> holder(int port) {
        Set<String> sockets = new HashSet<>();
        for (String table : new String[] {"/proc/net/tcp", "/proc/net/tcp6"}) {
            addListeners(Path.of(table), port, sockets);
        }
        if (sockets.isEmpty()) {
            return Optional.empty();
        }
        try (DirectoryStream<Path> processes =
                Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                if (holdsOneOf(sockets, process.resolve("fd"))) {
                    return Optional.of(
                            "process " + process.getFileName() + " (" + command(process) + ")");
                }
            }
        } catch (IOException unreadable) {
            return Optional.empty();
        }
        return Optional.empty();
    }

    private static void addListeners(Path table, int port, Set<String> sockets) {
        String suffix = ":%04X".formatted(port);
        try {
            for (String line : Files.readAllLines(table)) {
                String[] fields = line.trim().split("\\s+", -1);
                if (fields.length > 9
                        && fields[1].endsWith(suffix)
                        && fields[3].equals(LISTENING)) {
                    sockets.add("socket:[" + fields[9] + "]");
                }
            }
        } catch (IOException noSuchTable) {
            // A kernel without IPv6 has no tcp6.
        }
    }

    private static boolean holdsOneOf(Set<String> sockets, Path descriptors) {
        try (DirectoryStream<Path> open = Files.newDirectoryStream(descriptors)) {
            for (Path descriptor : open) {
                try {
                    if (sockets.contains(Files.readSymbolicLink(descriptor).toString())) {
                        return true;
                    }
                } catch (IOException closedMeanwhile) {
                    // The process goes on working while we look.
                }
            }
        } catch (IOException othersProcess) {
            return false;
        }
        return false;
    }

    private static String command(Path process) {
        try {
            byte[] raw = Files.readAllBytes(process.resolve("cmdline"));
            String command =
                    String.join(
                            " ",
                            Arrays.asList(new String(raw, StandardCharsets.UTF_8).split("\0", -1)));
            command = command.strip().replaceAll("\\p{Cntrl}", "?");
            return command.length() > COMMAND_LENGTH
                    ? command.substring(0, COMMAND_LENGTH) + "..."
                    : command;
        } catch (IOException gone) {
            return "ended meanwhile";
        }
    }
}
