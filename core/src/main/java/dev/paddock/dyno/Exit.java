package dev.paddock.dyno;

/// How a dyno ended.
///
/// @param status exit status as a shell counts it: 143 after SIGTERM, 137 after SIGKILL
/// @param detail for [Cause#LAUNCH_FAILED] and [Cause#CHECKSUM]: what was tried and what went wrong; else empty
public record Exit(int status, Cause cause, String detail) {
    public static Exit of(int status) {
        return new Exit(status, Cause.PROCESS, "");
    }

    /// Why it ended.
    public enum Cause {
        /// By itself, or by a signal from inside or from an operator.
        PROCESS,
        /// It ignored SIGTERM until the grace period was over (R12).
        GRACE_EXPIRED,
        /// The kernel killed it at its hard memory limit (R15).
        OUT_OF_MEMORY,
        /// The engine could not start it.
        LAUNCH_FAILED,
        /// The slug's bytes do not match its SHA-256 (R17).
        CHECKSUM
    }
}
