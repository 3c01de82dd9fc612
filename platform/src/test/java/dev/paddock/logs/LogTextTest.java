package dev.paddock.logs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.log.LogLine;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LogTextTest {
    private static final int MAX = LogLine.MAX_BYTES;

    @Test
    void everyKindOfLineEndDividesOnceAndEmptyLinesStay() {
        assertThat(LogText.lines("")).containsExactly("");
        assertThat(LogText.lines("a")).containsExactly("a");
        assertThat(LogText.lines("a\nb\r\nc\rd")).containsExactly("a", "b", "c", "d");
        assertThat(LogText.lines("a\n\nb")).containsExactly("a", "", "b");
        assertThat(LogText.lines("a\r\rb")).containsExactly("a", "", "b");
        assertThat(LogText.lines("a\r\n\r\nb")).containsExactly("a", "", "b");
        assertThat(LogText.lines("a\r")).containsExactly("a");
        assertThat(LogText.lines("\r")).containsExactly("");
        assertThat(LogText.lines("\n\r")).containsExactly("", "");
    }

    @Test
    void longLineIsCutAtTheLimit() {
        assertThat(LogText.lines("x".repeat(MAX))).containsExactly("x".repeat(MAX));
        assertThat(LogText.lines("x".repeat(2 * MAX + 1)))
                .containsExactly("x".repeat(MAX), "x".repeat(MAX), "x");
    }

    @Test
    void cutNeverFallsInsideACharacter() {
        for (String character : List.of("ä", "€", "😀")) {
            for (int shift = 0; shift < 4; shift++) {
                String line = "x".repeat(MAX - shift) + character + "y".repeat(5);

                List<String> pieces = LogText.lines(bytes(line));

                assertThat(pieces).hasSizeBetween(2, 2);
                assertThat(pieces.getFirst().length()).isBetween(MAX - 3, MAX);
                assertThat(text(pieces.getFirst()) + text(pieces.getLast())).isEqualTo(line);
            }
        }
    }

    @Test
    void bytesThatAreNoUtf8PassUnchanged() {
        Random random = new Random(7);
        byte[] noise = new byte[3 * MAX];
        random.nextBytes(noise);
        String line =
                new String(noise, StandardCharsets.ISO_8859_1)
                        .replace('\n', '.')
                        .replace('\r', '.');

        for (String text : List.of(line, "\u0080".repeat(3 * MAX), "\u00f0".repeat(2 * MAX))) {
            List<String> pieces = LogText.lines(text);

            assertThat(String.join("", pieces)).isEqualTo(text);
            assertThat(pieces).allMatch(piece -> piece.length() <= MAX && !piece.isEmpty());
        }
    }

    private static String bytes(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    private static String text(String bytes) {
        return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
}
