package dev.paddock.core;

import java.io.IOException;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// Tells a full disk from other failures, for it is no bug, and there is something to be done about it.
public final class FullDisk {
    /// What to say to whoever wanted something written.
    public static final String MESSAGE =
            "The disk of the machine that runs the platform is full, so nothing was changed. Apps go on running; make room"
                    + " there (./paddock status names the folder) and try again.";

    /// PostgreSQL's state for it, appendix A of its manual.
    private static final String SQL_STATE = "53100";

    /// ENOSPC and EDQUOT in the words of the C library, which java passes on.
    private static final String[] WORDS = {"No space left on device", "Disk quota exceeded"};

    /// Deeper chains are not seen in practice.
    private static final int MAX_CAUSES = 16;

    private FullDisk() {}

    /// Whether this failed because a disk of this machine, or the part of it that we may use, is full.
    public static boolean isBehind(Throwable failure) {
        @Nullable Throwable cause = failure;
        for (int i = 0; cause != null && i < MAX_CAUSES; i++, cause = cause.getCause()) {
            if (cause instanceof SQLException sql && SQL_STATE.equals(sql.getSQLState())) {
                return true;
            }
            if (cause instanceof IOException && isSaid(String.valueOf(cause.getMessage()))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isSaid(String message) {
        for (String words : WORDS) {
            if (message.contains(words)) {
                return true;
            }
        }
        return false;
    }
}
