package dev.paddock.drains;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SyslogFrameTest {
    private static final Instant TIME = Instant.parse("2012-07-22T00:06:26.000042Z");

    private static LogLine line(LogSource source, String process, String text) {
        return LogLine.of(AppId.random(), TIME, source, process, text);
    }

    private static String text(byte[] frame) {
        return new String(frame, StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource({
        "APP, web.1, 190",
        "APP, api, 134",
        "HEROKU, router, 158",
        "HEROKU, web.1, 45",
        "HEROKU, logplex, 172"
    })
    void frameIsCountedAndSaysWhoSpeaks(LogSource source, String process, int priority) {
        String message =
                "<%d>1 2012-07-22T00:06:26.000042+00:00 host %s %s - Hi there\n"
                        .formatted(priority, source, process);

        assertThat(text(SyslogFrame.of("host", line(source, process, "Hi there"))))
                .isEqualTo(message.length() + " " + message);
    }

    @Test
    void bytesAreCountedNotCharacters() {
        String frame = text(SyslogFrame.of("d.1", line(LogSource.APP, "web.1", "größer €")));

        int blank = frame.indexOf(' ');
        byte[] message = frame.substring(blank + 1).getBytes(StandardCharsets.UTF_8);
        assertThat(Integer.parseInt(frame.substring(0, blank))).isEqualTo(message.length);
        assertThat(frame).contains(" d.1 app web.1 - größer €\n");
    }

    @Test
    void bytesThatAreNoTextPassUnchanged() {
        LogLine line = new LogLine(AppId.random(), TIME, LogSource.APP, "web.1", "\u00ff\u0000x");

        byte[] frame = SyslogFrame.of("host", line);

        assertThat(new String(frame, StandardCharsets.ISO_8859_1)).endsWith("- \u00ff\u0000x\n");
    }

    @Test
    void gapIsToldAsLogplexDoes() {
        DrainBuffer.Loss loss = new DrainBuffer.Loss(500, Instant.parse("2013-04-17T19:04:46.9Z"));

        assertThat(text(SyslogFrame.overflow("d.1", loss, TIME)))
                .endsWith(
                        " <172>1 2012-07-22T00:06:26.000042+00:00 d.1 heroku logplex - Error L10"
                                + " (output buffer overflow): 500 messages dropped since"
                                + " 2013-04-17T19:04:46+00:00.\n");
    }
}
