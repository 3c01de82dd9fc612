package dev.paddock.engine.local;

/// Something this machine does not give, what that means for dynos, and the one thing to do about it.
///
/// @param subject one word or two, as `crun`
/// @param essential whether dynos cannot run without it; else they run, and something is weaker
/// @param remedy empty where there is nothing to do
public record Lack(String subject, boolean essential, String meaning, String remedy) {
    static Lack essential(String subject, String meaning, String remedy) {
        return new Lack(subject, true, meaning, remedy);
    }

    static Lack weaker(String subject, String meaning, String remedy) {
        return new Lack(subject, false, meaning, remedy);
    }

    /// As sentences for the operator.
    public String text() {
        return (meaning + " " + remedy).strip();
    }
}
