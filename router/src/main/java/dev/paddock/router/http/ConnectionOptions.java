package dev.paddock.router.http;

import java.nio.charset.StandardCharsets;

/// What the `Connection` headers of a head say; reading them drops the headers that they name.
final class ConnectionOptions {
    /// More options than any honest sender names; each costs a look at every header.
    private static final int MOST_OPTIONS = 64;

    private static final byte[] CLOSE = "close".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] KEEP_ALIVE = "keep-alive".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] UPGRADE = "upgrade".getBytes(StandardCharsets.US_ASCII);

    boolean close;
    boolean keepAlive;
    boolean upgrade;

    /// Whether the options could be read.
    boolean read(HeadBuffer head) {
        close = false;
        keepAlive = false;
        upgrade = false;
        int options = 0;
        byte[] bytes = head.bytes;
        for (int i = 0; i < head.count(); i++) {
            if (head.name(i) != HeaderName.CONNECTION) {
                continue;
            }
            head.drop(i);
            int at = head.valueStart(i);
            int end = head.valueEnd(i);
            while (at < end) {
                int start = at;
                while (at < end && bytes[at] != ',') {
                    at++;
                }
                int optionEnd = at++;
                while (start < optionEnd && Ascii.isBlank(bytes[start])) {
                    start++;
                }
                while (optionEnd > start && Ascii.isBlank(bytes[optionEnd - 1])) {
                    optionEnd--;
                }
                if (start == optionEnd) {
                    continue;
                }
                if (++options > MOST_OPTIONS) {
                    return false;
                }
                take(head, start, optionEnd);
            }
        }
        return true;
    }

    private void take(HeadBuffer head, int start, int end) {
        if (Ascii.equalsIgnoreCase(head.bytes, start, end, CLOSE)) {
            close = true;
        } else if (Ascii.equalsIgnoreCase(head.bytes, start, end, KEEP_ALIVE)) {
            keepAlive = true;
        } else if (Ascii.equalsIgnoreCase(head.bytes, start, end, UPGRADE)) {
            upgrade = true;
        } else {
            head.dropNamed(start, end);
        }
    }
}
