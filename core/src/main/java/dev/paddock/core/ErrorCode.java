package dev.paddock.core;

/// The codes of Heroku's error catalogue that the platform writes into logs.
public enum ErrorCode {
    H10("App crashed"),
    H11("Backlog too deep"),
    H12("Request timeout"),
    H13("Connection closed without response"),
    H14("No web processes running"),
    H15("Idle connection"),
    H17("Poorly formatted HTTP response"),
    H18("Server Request Interrupted"),
    H19("Backend connection timeout"),
    H20("App boot timeout"),
    H21("Backend connection refused"),
    H22("Connection limit reached"),
    H24("Forced close"),
    H25("HTTP restriction"),
    H26("Request Error"),
    H27("Client Request Interrupted"),
    H28("Client Connection Idle"),
    H31("Misdirected Request"),
    H80("Maintenance mode"),
    H81("Blank app"),
    H82("Free dyno quota exhausted"),
    H99("Platform error"),
    R10("Boot timeout"),
    R12("Exit timeout"),
    R13("Attach error"),
    R14("Memory quota exceeded"),
    R15("Memory quota vastly exceeded"),
    R16("Detached"),
    R17("Checksum error"),
    R99("Platform error"),
    L10("Drain buffer overflow"),
    L11("Tail buffer overflow"),
    L12("Local buffer overflow");

    private final String description;

    ErrorCode(String description) {
        this.description = description;
    }

    public String description() {
        return description;
    }

    /// `Error R10 (Boot timeout)`, the beginning of the line in the app's log.
    public String line() {
        return "Error " + name() + " (" + description + ")";
    }
}
