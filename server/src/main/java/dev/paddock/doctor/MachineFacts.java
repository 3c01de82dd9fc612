package dev.paddock.doctor;

import dev.paddock.engine.local.LocalMachine;
import dev.paddock.engine.local.NetworkTrial;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What was seen of a machine, not judged.
///
/// @param kernel as `Linux 6.1.0`
/// @param architecture as java calls it
/// @param user number of the user who looks
/// @param network empty when it could not be tried
/// @param userNamespaces whether ordinary users may make them
/// @param firewalls those of others that are in force
/// @param hiddenPrograms languages that are installed only where dynos do not see them
/// @param postgres where its programs were unpacked, if they were
/// @param namedDatabase the server that the operator named for the state, in place of one of ours
public record MachineFacts(
        String kernel,
        String architecture,
        int user,
        LocalMachine engine,
        Optional<NetworkTrial> network,
        boolean userNamespaces,
        boolean docker,
        List<Firewall> firewalls,
        Disk disk,
        Memory memory,
        Java java,
        Optional<Path> postgres,
        Optional<NamedDatabase> namedDatabase,
        Map<String, Path> hiddenPrograms) {
    public MachineFacts {
        firewalls = List.copyOf(firewalls);
        hiddenPrograms = Map.copyOf(hiddenPrograms);
    }

    /// A program that decides which packets this machine forwards.
    ///
    /// @param passesDynos whether it was told to let those of dynos through
    public record Firewall(String name, boolean passesDynos) {}

    /// Where the data directory is, or will be.
    public record Disk(Path directory, String fileSystem, long freeBytes) {}

    /// What the machine has, and what is free now.
    public record Memory(long totalBytes, long freeBytes) {}

    /// A server that the operator named.
    ///
    /// @param version of the server; empty when it could not be used
    /// @param trouble what came of the trial, if it failed
    public record NamedDatabase(String address, String version, String trouble) {}

    /// The java that runs Paddock.
    public record Java(String version, Path home, boolean compiler) {}
}
