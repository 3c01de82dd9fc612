package dev.paddock.attach;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;

/// Passes a client's bytes on to the dyno. With a terminal they go as typed. With pipes a byte 0x04 that nothing
/// follows is the client's way to say that its own input has ended (heroku-cli.md section 3b). Safe for any thread.
final class DynoInput {
    private static final byte END_OF_TRANSMISSION = 4;

    /// How long nothing may follow: the CLI sends the byte with or right after its last data, and nothing later.
    private static final Duration SILENCE = Duration.ofMillis(300);

    private final OutputStream dyno;
    private final boolean pipes;
    private final Object lock = new Object();
    private long writes;
    private boolean heldBack;
    private boolean closed;

    DynoInput(OutputStream dyno, boolean pipes) {
        this.dyno = dyno;
        this.pipes = pipes;
    }

    void write(byte[] bytes, int length) throws IOException {
        synchronized (lock) {
            if (closed || length == 0) {
                return;
            }
            writes++;
            if (heldBack) {
                dyno.write(END_OF_TRANSMISSION);
                heldBack = false;
            }
            boolean last = pipes && bytes[length - 1] == END_OF_TRANSMISSION;
            dyno.write(bytes, 0, last ? length - 1 : length);
            dyno.flush();
            if (last) {
                heldBack = true;
                long mine = writes;
                Thread.ofVirtual().name("end-of-input").start(() -> closeUnlessMore(mine));
            }
        }
    }

    private void closeUnlessMore(long writesThen) {
        try {
            Thread.sleep(SILENCE);
            synchronized (lock) {
                if (heldBack && writes == writesThen) {
                    closed = true;
                    dyno.close();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            // The dyno ended before its input did; nobody is left to be told.
        }
    }
}
