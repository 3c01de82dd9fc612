package dev.paddock.drains;

import java.time.Duration;

/// How much a drain holds, and how patient it is.
///
/// @param messages that wait for the target
/// @param messagesWhenAway the same, of a target that has been failing for long
/// @param frameBytes of one HTTP request, about
/// @param sendBytes of one write to a syslog target, about
/// @param request from the first byte of a request to the end of its answer
/// @param frameTries of an HTTP frame in all
/// @param answerPause before a frame is tried again that the target answered with an error; grows with each try
/// @param httpPause before an HTTP target that could not be reached is tried again; grows with each try
/// @param httpAway after this long without success an HTTP target is away
/// @param syslogPause the same as `httpPause`, from the second failure on
/// @param syslogAway after this many failures in a row a syslog target is away
/// @param longestPause between two tries
/// @param life of a connection
record DrainLimits(
        int messages,
        int messagesWhenAway,
        int frameBytes,
        int sendBytes,
        Duration connect,
        Duration request,
        Duration write,
        int frameTries,
        Duration answerPause,
        Duration httpPause,
        Duration httpAway,
        Duration httpIdle,
        Duration syslogPause,
        int syslogAway,
        Duration syslogIdle,
        Duration longestPause,
        Duration life) {
    /// Those of logs.md sections 3 and 4.
    static final DrainLimits HEROKU =
            new DrainLimits(
                    1024,
                    10,
                    102_400,
                    4096,
                    Duration.ofSeconds(3),
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(4),
                    3,
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(10),
                    Duration.ofMinutes(5),
                    Duration.ofSeconds(144),
                    Duration.ofSeconds(30),
                    10,
                    Duration.ofSeconds(240),
                    Duration.ofSeconds(300),
                    Duration.ofHours(5));
}
