package dev.paddock.drains;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/// Log lines as drains carry them: `LEN SP <PRI>1 TIMESTAMP HOST APPNAME PROCID - MSG`, counted in bytes (logs.md section
/// 2; as Logplex, without the field for structured data).
final class SyslogFrame {
    private static final int APP = 190;
    private static final int API = 134;
    private static final int ROUTER = 158;
    private static final int DYNO = 45;
    private static final int LOGPLEX = 172;

    private static final DateTimeFormatter MICROSECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'+00:00'")
                    .withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss'+00:00'").withZone(ZoneOffset.UTC);

    private SyslogFrame() {}

    /// @param host what stands for the sender: `host`, or the drain's token
    static byte[] of(String host, LogLine line) {
        return frame(
                priority(line),
                line.time(),
                host,
                line.source().toString(),
                line.process(),
                line.text());
    }

    /// The line that tells of a gap.
    static byte[] overflow(String host, DrainBuffer.Loss loss, Instant time) {
        return frame(
                LOGPLEX,
                time,
                host,
                "heroku",
                "logplex",
                "Error L10 (output buffer overflow): "
                        + loss.messages()
                        + " messages dropped since "
                        + SECONDS.format(loss.since())
                        + ".");
    }

    private static byte[] frame(
            int priority, Instant time, String host, String source, String process, String text) {
        byte[] message =
                ("<"
                                + priority
                                + ">1 "
                                + MICROSECONDS.format(time)
                                + " "
                                + host
                                + " "
                                + source
                                + " "
                                + process
                                + " - "
                                + text
                                + "\n")
                        .getBytes(ISO_8859_1);
        byte[] count = (message.length + " ").getBytes(US_ASCII);
        byte[] frame = new byte[count.length + message.length];
        System.arraycopy(count, 0, frame, 0, count.length);
        System.arraycopy(message, 0, frame, count.length, message.length);
        return frame;
    }

    private static int priority(LogLine line) {
        if (line.source() == LogSource.APP) {
            return line.process().equals("api") ? API : APP;
        }
        return switch (line.process()) {
            case "router" -> ROUTER;
            case "logplex" -> LOGPLEX;
            case String dyno -> DYNO;
        };
    }
}
