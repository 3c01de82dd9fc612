package dev.paddock.doctor;

/// One thing about a machine, judged.
///
/// @param subject one word or two
/// @param found how it is here
/// @param meaning what follows from it; empty when nothing does
/// @param remedy the one thing to do; empty when there is nothing to do
public record Finding(Level level, String subject, String found, String meaning, String remedy) {
    /// How much it matters.
    public enum Level {
        GOOD,
        /// Worth knowing; nothing is weaker for it.
        NOTE,
        WEAKER,
        /// A platform cannot run here.
        MISSING
    }

    static Finding good(String subject, String found) {
        return new Finding(Level.GOOD, subject, found, "", "");
    }

    static Finding note(String subject, String found, String meaning) {
        return new Finding(Level.NOTE, subject, found, meaning, "");
    }

    static Finding weaker(String subject, String found, String meaning, String remedy) {
        return new Finding(Level.WEAKER, subject, found, meaning, remedy);
    }

    static Finding missing(String subject, String found, String meaning, String remedy) {
        return new Finding(Level.MISSING, subject, found, meaning, remedy);
    }

    public boolean bad() {
        return level == Level.WEAKER || level == Level.MISSING;
    }
}
