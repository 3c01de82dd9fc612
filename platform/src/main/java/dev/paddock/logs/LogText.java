package dev.paddock.logs;

import dev.paddock.log.LogLine;
import java.util.ArrayList;
import java.util.List;

/// Divides text into the lines that are stored (logs.md section 1); text is one char per byte.
final class LogText {
    private LogText() {}

    /// Line ends are `\n`, `\r\n` and a lone `\r`, which would end a field of an event stream; one at the very end
    /// begins no further line. Lines over [LogLine#MAX_BYTES] are cut, not inside a UTF-8 character.
    static List<String> lines(String text) {
        if (text.length() <= LogLine.MAX_BYTES
                && text.indexOf('\n') < 0
                && text.indexOf('\r') < 0) {
            return List.of(text);
        }
        List<String> lines = new ArrayList<>();
        int begin = 0;
        do {
            int end = begin;
            while (end < text.length() && text.charAt(end) != '\n' && text.charAt(end) != '\r') {
                end++;
            }
            cut(text.substring(begin, end), lines);
            begin = text.startsWith("\r\n", end) ? end + 2 : end + 1;
        } while (begin < text.length());
        return lines;
    }

    private static void cut(String line, List<String> pieces) {
        int begin = 0;
        while (line.length() - begin > LogLine.MAX_BYTES) {
            int end = characterBoundary(line, begin + LogLine.MAX_BYTES);
            pieces.add(line.substring(begin, end));
            begin = end;
        }
        pieces.add(line.substring(begin));
    }

    /// The place itself, or up to three bytes before it when a UTF-8 character spans it.
    private static int characterBoundary(String line, int place) {
        for (int lead = place; lead > place - 4; lead--) {
            if (!isContinuation(line.charAt(lead))) {
                return lead + characterBytes(line.charAt(lead)) > place ? lead : place;
            }
        }
        return place;
    }

    private static boolean isContinuation(char b) {
        return (b & 0xC0) == 0x80;
    }

    private static int characterBytes(char lead) {
        if (lead >= 0xF0) {
            return 4;
        }
        return lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    }
}
