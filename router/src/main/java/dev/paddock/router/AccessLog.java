package dev.paddock.router;

import dev.paddock.router.http.Bytes;
import dev.paddock.routes.SpoolWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Takes the request lines: of apps into the spool when there is one, all others into a stream.
///
/// The stream is written by a thread of its own, at least every 100 ms and at the end, so that no request waits for a
/// disk. Safe for any thread.
final class AccessLog implements AutoCloseable {
    private static final int FLUSH_MILLIS = 10;
    private static final int FLUSH_BYTES = 256 * 1024;

    /// What may wait for a stream that does not take it; beyond, lines are lost and counted.
    private static final int MOST_WAITING = 4 << 20;

    private static final String NOWHERE = "/dev/null";
    private static final byte[] UTC = {'+', '0', '0', ':', '0', '0'};
    private static final byte[] SOURCE = " heroku[router]: ".getBytes(StandardCharsets.US_ASCII);

    private final @Nullable SpoolWriter spool;
    private final @Nullable OutputStream stream;
    private final Object lock = new Object();
    private byte[] waiting = new byte[64 * 1024];
    private int waitingLength;
    private long lost;
    private long second = -1;
    private byte[] secondText = {};
    private boolean closed;
    private final @Nullable Thread writer;

    private AccessLog(@Nullable SpoolWriter spool, @Nullable OutputStream stream) {
        this.spool = spool;
        this.stream = stream;
        writer =
                stream == null
                        ? null
                        : Thread.ofPlatform()
                                .name("access-log")
                                .daemon()
                                .start(() -> writeUntilClosed(stream));
    }

    /// @param target a file to append to, `-` for standard output, `/dev/null` or null for no stream
    /// @param spool where the lines of apps go instead of the stream
    static AccessLog open(@Nullable String target, @Nullable SpoolWriter spool) throws IOException {
        OutputStream stream = null;
        if (target != null && target.equals("-")) {
            stream = new java.io.FileOutputStream(java.io.FileDescriptor.out);
        } else if (target != null && !target.equals(NOWHERE)) {
            stream =
                    Files.newOutputStream(
                            Path.of(target), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } else if (target == null && spool != null) {
            stream = new java.io.FileOutputStream(java.io.FileDescriptor.err);
        }
        return new AccessLog(spool, stream);
    }

    /// Whether nobody wants the lines, so that they need not be made.
    boolean isOff() {
        return spool == null && stream == null;
    }

    /// @param app id of the app that the request was for, empty when it was for none
    void write(String app, Bytes line) {
        Instant now = Instant.now();
        synchronized (lock) {
            if (closed) {
                return;
            }
            if (spool != null && !app.isEmpty()) {
                long micros = now.getEpochSecond() * 1_000_000 + now.getNano() / 1000;
                spool.append(app, micros, line.array(), line.length());
            } else if (stream != null) {
                append(now, line);
            }
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            lock.notifyAll();
        }
        if (writer != null) {
            try {
                writer.join(1000);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
        if (spool != null) {
            spool.close();
        }
    }

    private void append(Instant now, Bytes line) {
        int needed = waitingLength + line.length() + 64;
        if (needed > MOST_WAITING) {
            lost++;
            return;
        }
        if (needed > waiting.length) {
            waiting = Arrays.copyOf(waiting, Math.max(2 * waiting.length, needed));
        }
        if (now.getEpochSecond() != second) {
            second = now.getEpochSecond();
            String utc = Instant.ofEpochSecond(second).toString();
            secondText = utc.substring(0, utc.length() - 1).getBytes(StandardCharsets.US_ASCII);
        }
        boolean wasEmpty = waitingLength == 0;
        put(secondText, secondText.length);
        waiting[waitingLength++] = '.';
        for (int micros = now.getNano() / 1000, unit = 100_000; unit > 0; unit /= 10) {
            waiting[waitingLength++] = (byte) ('0' + micros / unit % 10);
        }
        put(UTC, UTC.length);
        put(SOURCE, SOURCE.length);
        put(line.array(), line.length());
        waiting[waitingLength++] = '\n';
        if (wasEmpty || waitingLength > FLUSH_BYTES) {
            lock.notifyAll();
        }
    }

    private void put(byte[] bytes, int length) {
        System.arraycopy(bytes, 0, waiting, waitingLength, length);
        waitingLength += length;
    }

    private void writeUntilClosed(OutputStream out) {
        byte[] taken = new byte[64 * 1024];
        boolean last = false;
        while (!last) {
            int length;
            long lostNow;
            synchronized (lock) {
                try {
                    await();
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                    return;
                }
                last = closed;
                byte[] full = waiting;
                waiting = taken;
                taken = full;
                length = waitingLength;
                waitingLength = 0;
                lostNow = lost;
                lost = 0;
            }
            try {
                out.write(taken, 0, length);
            } catch (IOException broken) {
                System.err.println("router: the request log cannot be written: " + broken);
            }
            if (lostNow > 0) {
                System.err.println("router: lost " + lostNow + " request lines: the log is slow");
            }
        }
    }

    /// Waits for a first line, and then a little for more of them.
    private void await() throws InterruptedException {
        while (!closed && waitingLength == 0) {
            lock.wait();
        }
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(FLUSH_MILLIS);
        while (!closed && waitingLength < FLUSH_BYTES) {
            long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (left <= 0) {
                return;
            }
            lock.wait(left);
        }
    }
}
