package dev.paddock.daemons;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a process is allowed: the user it runs as, its one capability, and the places it sees elsewhere.
///
/// Binds live in a mount namespace of the process's own, so that nothing of them is visible outside; they need root
/// and are left out (with the user) when we are not.
///
/// @param user empty: our own user
/// @param bindsLowPorts keeps CAP_NET_BIND_SERVICE; all other capabilities are dropped for good
public record Confinement(Optional<SystemUser> user, boolean bindsLowPorts, List<Bind> binds) {
    /// Our own user, no capability to gain.
    public static final Confinement NONE = new Confinement(Optional.empty(), false, List.of());

    /// $1 name of the record or empty, $2 version, $3 boot id, $4 number of binds, then source, target and mode of
    /// each, then the command. The record is written by the process itself: the platform may die at any moment.
    private static final String SCRIPT =
            """
            set -eu
            record=$1 version=$2 boot=$3 binds=$4
            shift 4
            while [ "$binds" -gt 0 ]; do
              mount --bind -o "$3" -- "$1" "$2"
              shift 3
              binds=$((binds - 1))
            done
            if [ -n "$record" ]; then
              read -r stat < "/proc/$$/stat"
              rest=${stat##*) }
              set -f
              twentieth() { shift 19; echo "$1"; }
              started=$(twentieth $rest)
              umask 077
              printf 'pid=%s\\nstarted=%s\\nboot=%s\\nversion=%s\\n' \\
                "$$" "$started" "$boot" "$version" > "$record.new"
              mv "$record.new" "$record"
              umask 022
            fi
            exec "$@"
            """;

    public Confinement {
        binds = List.copyOf(binds);
    }

    /// Runs as this user when we are root.
    public static Confinement as(String user, List<Bind> binds) {
        Optional<SystemUser> found = SystemUser.ensure(user);
        return new Confinement(found, false, found.isPresent() ? binds : List.of());
    }

    public Confinement withLowPorts() {
        return new Confinement(user, true, binds);
    }

    /// The path by which the process reaches a file of ours: below a bind's target, or the path itself.
    public Path inside(Path file) {
        for (Bind bind : binds) {
            if (file.startsWith(bind.source())) {
                return bind.target().resolve(bind.source().relativize(file));
            }
        }
        return file;
    }

    /// A command that runs `command` confined, to its end and without a record.
    public List<String> wrap(List<String> command) {
        return wrap(command, "", "-");
    }

    List<String> wrap(List<String> command, String record, String version) {
        prepare();
        List<String> wrapped = new ArrayList<>();
        wrapped.add(Programs.path("setsid"));
        if (!binds.isEmpty()) {
            // As a slave it follows unmounts outside, so that it keeps no dead dyno's file system
            // alive.
            wrapped.addAll(List.of(Programs.path("unshare"), "--mount", "--propagation", "slave"));
        }
        wrapped.addAll(List.of(Programs.path("sh"), "-c", SCRIPT, "confined", record, version));
        wrapped.add(Processes.bootId());
        wrapped.add(Integer.toString(binds.size()));
        for (Bind bind : binds) {
            wrapped.add(bind.source().toString());
            wrapped.add(bind.target().toString());
            wrapped.add(bind.writable() ? "rw" : "ro");
        }
        wrapped.addAll(privileges());
        wrapped.addAll(command);
        return wrapped;
    }

    private List<String> privileges() {
        List<String> options = new ArrayList<>(List.of(Programs.path("setpriv"), "--no-new-privs"));
        if (user.isPresent()) {
            options.add("--reuid=" + user.get().uid());
            options.add("--regid=" + user.get().gid());
            options.add("--clear-groups");
            if (bindsLowPorts) {
                options.add("--inh-caps=-all,+net_bind_service");
                options.add("--ambient-caps=-all,+net_bind_service");
                options.add("--bounding-set=-all,+net_bind_service");
            } else {
                options.add("--inh-caps=-all");
                options.add("--bounding-set=-all");
            }
        }
        return options;
    }

    private void prepare() {
        for (Bind bind : binds) {
            try {
                Path target = bind.target().toAbsolutePath().normalize();
                for (int length = 1; length < target.getNameCount(); length++) {
                    makePassable(Path.of("/").resolve(target.subpath(0, length)));
                }
                if (Files.exists(target)) {
                    continue;
                }
                if (Files.isDirectory(bind.source())) {
                    makePassable(target);
                } else {
                    Files.createFile(target);
                }
            } catch (IOException e) {
                throw new UncheckedIOException("Preparing " + bind, e);
            }
        }
    }

    /// Makes a missing directory so that every user may pass through it; refuses one that exists and is closed.
    private static void makePassable(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            Files.createDirectory(directory);
            // Not as an argument of createDirectory, where the umask would cut it.
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
        }
        if (!Files.getPosixFilePermissions(directory)
                .contains(PosixFilePermission.OTHERS_EXECUTE)) {
            throw new IllegalStateException(
                    "A daemon's user cannot pass through "
                            + directory
                            + ". Allow it with: chmod o+x "
                            + directory);
        }
    }
}
