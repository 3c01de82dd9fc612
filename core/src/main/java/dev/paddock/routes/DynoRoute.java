package dev.paddock.routes;

/// A web dyno as the router sees it.
///
/// @param address `127.0.0.1:9001` or `[::1]:9001`; for a dyno that is not up it may be empty
public record DynoRoute(String name, String address, State state) {

    /// Whether requests may be sent to it.
    public enum State {
        UP,
        STARTING,
        CRASHED
    }
}
