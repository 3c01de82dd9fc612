package dev.paddock.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;

/// Who this process runs as, and for whom.
public final class Superuser {
    private Superuser() {}

    public static int uid() {
        try {
            return (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static boolean here() {
        return uid() == 0;
    }

    /// The user who called sudo; files meant for the operator are given to them.
    public static OptionalInt caller() {
        String sudo = System.getenv("SUDO_UID");
        try {
            return here() && sudo != null && Integer.parseInt(sudo) > 0
                    ? OptionalInt.of(Integer.parseInt(sudo))
                    : OptionalInt.empty();
        } catch (NumberFormatException odd) {
            return OptionalInt.empty();
        }
    }
}
