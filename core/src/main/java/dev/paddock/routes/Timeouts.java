package dev.paddock.routes;

/// The router's time limits in milliseconds (router.md section 3).
///
/// @param firstByte first byte of the answer, from the moment the whole request was sent (H12)
/// @param idle no byte either way (H15, H28)
/// @param connect TCP connect to a dyno (H19)
/// @param header a request head from its first byte
/// @param keepalive an idle client connection
/// @param dynoKeepalive an idle kept dyno connection
/// @param queue waiting for a dyno in all (H11, H99)
/// @param boot waiting for a starting dyno (H20)
/// @param quarantine how long a dyno is skipped after a failed connect
/// @param drain how long requests may go on after SIGTERM (H24)
public record Timeouts(
        int firstByte,
        int idle,
        int connect,
        int header,
        int keepalive,
        int dynoKeepalive,
        int queue,
        int boot,
        int quarantine,
        int drain) {
    public static final Timeouts DEFAULT =
            new Timeouts(
                    30_000, 55_000, 5_000, 60_000, 60_000, 90_000, 75_000, 75_000, 5_000, 30_000);
}
