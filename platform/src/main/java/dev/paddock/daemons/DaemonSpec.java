package dev.paddock.daemons;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// What a daemon is to run, and where it leaves its traces.
///
/// @param record the file by which a later platform process finds it; below /run, for it is worthless after a reboot
/// @param version changes whenever a running daemon no longer fits and has to be replaced;
///     letters, digits and `._+-`
/// @param command program and arguments as the confined process sees them; visible to all users, so without secrets
/// @param environment everything the process gets; secrets may be here
/// @param output takes standard output and error; its owner and ours alone may read it
public record DaemonSpec(
        Path record,
        String version,
        List<String> command,
        Map<String, String> environment,
        Path output,
        Confinement confinement) {
    private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9._+-]{1,200}");

    public DaemonSpec {
        command = List.copyOf(command);
        environment = Map.copyOf(environment);
        if (command.isEmpty()) {
            throw new IllegalArgumentException("a daemon without a command");
        }
        if (!VERSION.matcher(version).matches()) {
            throw new IllegalArgumentException("daemon version " + version);
        }
    }

    @Override
    public String toString() {
        return "DaemonSpec[" + command.getFirst() + " " + version + "]";
    }
}
