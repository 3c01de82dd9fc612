package dev.paddock.log;

import dev.paddock.core.AppId;
import java.time.Instant;

/// One line of an app's log.
///
/// @param process dyno name, `router`, `api`
/// @param text without line end; the bytes of the line as ISO-8859-1, one char per byte, so that bytes that are no
///     UTF-8 pass unchanged
public record LogLine(AppId app, Instant time, LogSource source, String process, String text) {
    public static final int MAX_BYTES = 10_000;

    /// A line of text that the platform itself writes; encoded as UTF-8.
    public static LogLine of(
            AppId app, Instant time, LogSource source, String process, String text) {
        byte[] utf8 = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        return new LogLine(
                app,
                time,
                source,
                process,
                new String(utf8, java.nio.charset.StandardCharsets.ISO_8859_1));
    }
}
