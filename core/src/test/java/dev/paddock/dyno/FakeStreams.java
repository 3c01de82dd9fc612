package dev.paddock.dyno;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// The standard streams of a dyno of the fake engine. Safe for any thread.
final class FakeStreams implements Attachment {
    private final Object lock = new Object();
    private final List<DynoOutput.Line> lines = new ArrayList<>();
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final ByteArrayOutputStream typed = new ByteArrayOutputStream();
    private boolean ended;

    void print(Instant time, String text) {
        synchronized (lock) {
            lines.add(new DynoOutput.Line(lines.size() + 1L, time, text));
            printed.writeBytes((text + "\n").getBytes(StandardCharsets.ISO_8859_1));
            lock.notifyAll();
        }
    }

    void end() {
        synchronized (lock) {
            ended = true;
            lock.notifyAll();
        }
    }

    byte[] typed() {
        synchronized (lock) {
            return typed.toByteArray();
        }
    }

    @Override
    public InputStream output() {
        return new InputStream() {
            private int at;

            @Override
            public int read() {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] into, int offset, int length) {
                synchronized (lock) {
                    await(() -> at < printed.size(), Duration.ofHours(1));
                    int count = Math.min(length, printed.size() - at);
                    System.arraycopy(printed.toByteArray(), at, into, offset, count);
                    at += count;
                    return count == 0 && length > 0 ? -1 : count;
                }
            }
        };
    }

    @Override
    public OutputStream input() {
        return new OutputStream() {
            @Override
            public void write(int value) {
                synchronized (lock) {
                    typed.write(value);
                }
            }
        };
    }

    @Override
    public void close() {}

    DynoOutput output(long cursor) {
        return new DynoOutput() {
            private int at = (int) cursor;

            @Override
            public List<Line> read(Duration wait) {
                synchronized (lock) {
                    await(() -> at < lines.size(), wait);
                    List<Line> next =
                            List.copyOf(lines.subList(Math.min(at, lines.size()), lines.size()));
                    at += next.size();
                    return next;
                }
            }

            @Override
            public boolean ended() {
                synchronized (lock) {
                    return ended && at >= lines.size();
                }
            }

            @Override
            public long lost() {
                return 0;
            }

            @Override
            public void close() {}
        };
    }

    /// Waits for the condition or the end of the dyno; called with the lock held.
    private void await(BooleanSupplier condition, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            while (!condition.getAsBoolean() && !ended) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return;
                }
                TimeUnit.NANOSECONDS.timedWait(lock, left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
