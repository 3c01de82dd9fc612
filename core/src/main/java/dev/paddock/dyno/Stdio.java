package dev.paddock.dyno;

/// Where a dyno's standard streams go.
public sealed interface Stdio {
    /// Output goes to the app's log, input is empty.
    record Log() implements Stdio {}

    /// A pseudo-terminal for whoever attaches; nothing is logged. The command begins when somebody attached.
    record Terminal(int rows, int columns) implements Stdio {}

    /// Plain pipes for whoever attaches; nothing is logged. The command begins when somebody attached.
    record Pipes() implements Stdio {}

    /// Whether the command waits for [Engine#attach].
    default boolean attached() {
        return !(this instanceof Log);
    }
}
