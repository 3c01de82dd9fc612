package dev.paddock.attach;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/// Cuts a dyno's output into chunks for TLS records, without cutting through the line by which the CLI learns the exit
/// status: it looks for `U+FFFF heroku-command-exit-status: N` within single chunks. For one thread.
final class OutputChunks {
    /// What fits into one TLS record.
    static final int MAX_BYTES = 16 * 1024;

    /// The line's first character, U+FFFF in UTF-8.
    private static final byte[] MARK = {(byte) 0xEF, (byte) 0xBF, (byte) 0xBF};

    /// More than the line has; a longer one that begins like it is something else and goes out as it comes.
    private static final int MAX_LINE_BYTES = 64;

    private final InputStream output;
    private final byte[] buffer = new byte[MAX_BYTES];
    private int held;

    OutputChunks(InputStream output) {
        this.output = output;
    }

    /// The next chunk, waiting for it; empty at the end.
    byte[] next() throws IOException {
        while (true) {
            int read = output.read(buffer, held, MAX_BYTES - held);
            int length = held + Math.max(read, 0);
            int whole = read < 0 ? length : wholeLength(length);
            byte[] chunk = Arrays.copyOf(buffer, whole);
            held = length - whole;
            System.arraycopy(buffer, whole, buffer, 0, held);
            if (whole > 0 || read < 0) {
                return chunk;
            }
        }
    }

    /// How much goes out now: all of it, or up to an exit status line whose end has not come yet.
    private int wholeLength(int length) {
        for (int i = length - 1; i >= Math.max(0, length - MAX_LINE_BYTES); i--) {
            if (buffer[i] == '\n') {
                return length;
            }
            if (startsMark(i, length)) {
                return i;
            }
        }
        return length;
    }

    private boolean startsMark(int from, int length) {
        for (int i = 0; i < MARK.length && from + i < length; i++) {
            if (buffer[from + i] != MARK[i]) {
                return false;
            }
        }
        return true;
    }
}
