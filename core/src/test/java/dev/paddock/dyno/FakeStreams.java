package dev.paddock.dyno;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

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
                    while (at == printed.size() && !ended) {
                        await(Duration.ofSeconds(30));
                    }
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
                    if (at >= lines.size() && !ended && !wait.isZero()) {
                        await(wait);
                    }
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

    private void await(Duration limit) {
        try {
            lock.wait(Math.max(1, limit.toMillis()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            ended = true;
        }
    }
}
