package dev.paddock.doctor;

import dev.paddock.core.UserError;
import dev.paddock.doctor.MachineFacts.Disk;
import dev.paddock.doctor.MachineFacts.Firewall;
import dev.paddock.doctor.MachineFacts.Java;
import dev.paddock.doctor.MachineFacts.Memory;
import dev.paddock.doctor.MachineFacts.NamedDatabase;
import dev.paddock.engine.local.LocalMachine;
import dev.paddock.engine.local.NetworkTrial;
import dev.paddock.server.Installation;
import dev.paddock.server.StatePlace;
import dev.paddock.server.Superuser;
import dev.paddock.store.DatabaseAddress;
import dev.paddock.store.ExternalServer;
import dev.paddock.store.PostgresServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Looks at this machine, as any user, and changes nothing.
public final class MachineReader {
    /// The addresses of all dynos of all platforms.
    static final String DYNOS = "198.18.0.0/15";

    private static final long KILOBYTE = 1024;
    private static final List<String> LANGUAGES =
            List.of("node", "npm", "python3", "ruby", "php", "go");

    /// What dynos see of this machine.
    private static final List<Path> SEEN =
            Stream.of("/usr/local/bin", "/usr/bin", "/bin").map(Path::of).toList();

    private MachineReader() {}

    /// Facts for a platform on this data directory, which need not exist.
    public static MachineFacts read(Path data, Installation installation) {
        LocalMachine engine = LocalMachine.read(System.getenv());
        boolean tries =
                engine.root()
                        && engine.programs().containsKey("nft")
                        && engine.programs().containsKey("ip");
        return new MachineFacts(
                "Linux " + text("/proc/sys/kernel/osrelease"),
                System.getProperty("os.arch"),
                Superuser.uid(),
                engine,
                tries ? Optional.of(NetworkTrial.here()) : Optional.empty(),
                userNamespaces(),
                Files.exists(Path.of("/run/docker.sock")),
                firewalls(),
                disk(data),
                memory(),
                java(),
                PostgresServer.unpacked(installation.postgres()),
                namedDatabase(data),
                hiddenPrograms());
    }

    private static Optional<NamedDatabase> namedDatabase(Path data) {
        return DatabaseAddress.named(System.getenv())
                .map(MachineReader::tried)
                .or(() ->
                        StatePlace.remembered(data)
                                .map(address ->
                                        new NamedDatabase(
                                                address,
                                                "",
                                                "The platform on %s has its state there, and %s is not set."
                                                        .formatted(
                                                                data, DatabaseAddress.VARIABLE))));
    }

    private static NamedDatabase tried(DatabaseAddress address) {
        try {
            return new NamedDatabase(address.toString(), ExternalServer.version(address), "");
        } catch (UserError failed) {
            return new NamedDatabase(address.toString(), "", failed.message());
        }
    }

    private static boolean userNamespaces() {
        return Files.exists(Path.of("/proc/self/ns/user"))
                && !text("/proc/sys/user/max_user_namespaces").equals("0")
                && !text("/proc/sys/kernel/unprivileged_userns_clone").equals("0")
                && !text("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").equals("1");
    }

    /// By their files: their programs may take seconds, and root.
    private static List<Firewall> firewalls() {
        List<Firewall> found = new ArrayList<>();
        if (text("/etc/ufw/ufw.conf")
                .lines()
                .anyMatch(line -> line.matches("ENABLED=[\"']?yes[\"']?"))) {
            found.add(
                    new Firewall(
                            "ufw",
                            text("/etc/default/ufw").contains("DEFAULT_FORWARD_POLICY=\"ACCEPT\"")
                                    || text("/etc/ufw/user.rules").contains(DYNOS)));
        }
        if (runs("firewalld")) {
            found.add(
                    new Firewall(
                            "firewalld", text("/etc/firewalld/zones/trusted.xml").contains(DYNOS)));
        }
        return found;
    }

    /// By the name that the kernel knows: not every daemon leaves a file with its number.
    private static boolean runs(String program) {
        return ProcessHandle.allProcesses()
                .anyMatch(process -> text("/proc/" + process.pid() + "/comm").equals(program));
    }

    private static Disk disk(Path data) {
        Path directory = data;
        while (!Files.isDirectory(directory)) {
            Path parent = directory.getParent();
            directory = parent == null ? Path.of("/") : parent;
        }
        try {
            FileStore store = Files.getFileStore(directory);
            return new Disk(directory, store.type(), store.getUsableSpace());
        } catch (IOException e) {
            throw new UncheckedIOException("Looking at the disk of " + directory, e);
        }
    }

    private static Memory memory() {
        String all = text("/proc/meminfo");
        return new Memory(memory(all, "MemTotal:"), memory(all, "MemAvailable:"));
    }

    private static long memory(String all, String name) {
        return all.lines()
                .filter(line -> line.startsWith(name))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * KILOBYTE)
                .findFirst()
                .orElse(0);
    }

    private static Java java() {
        Path home = Path.of(System.getProperty("java.home"));
        return new Java(
                Runtime.version().toString(),
                home,
                Files.isExecutable(home.resolve("bin").resolve("javac")));
    }

    private static Map<String, Path> hiddenPrograms() {
        List<Path> path =
                Stream.of(System.getenv().getOrDefault("PATH", "").split(":", -1))
                        .filter(directory -> directory.startsWith("/"))
                        .map(Path::of)
                        .toList();
        Map<String, Path> hidden = new TreeMap<>();
        for (String language : LANGUAGES) {
            if (find(language, SEEN).isEmpty()) {
                find(language, path).ifPresent(file -> hidden.put(language, file));
            }
        }
        return hidden;
    }

    private static Optional<Path> find(String program, List<Path> directories) {
        return directories.stream()
                .map(directory -> directory.resolve(program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /// The content of a small file; empty when there is none, or not for this user.
    private static String text(String file) {
        try {
            return Files.readString(Path.of(file)).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
