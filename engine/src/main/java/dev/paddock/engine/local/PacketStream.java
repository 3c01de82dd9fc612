package dev.paddock.engine.local;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/// What a dyno writes, in the packets that a thread of its own receives and puts here. For one reader and one writer.
final class PacketStream extends InputStream {
    private static final int QUEUED_PACKETS = 64;
    private static final byte[] END = {};

    private final BlockingQueue<byte[]> received = new ArrayBlockingQueue<>(QUEUED_PACKETS);
    private volatile boolean closed;
    private byte[] packet = {};
    private int at;
    private boolean ended;

    /// Waits while the reader is slow.
    void put(byte[] next) throws InterruptedException {
        received.put(next);
    }

    void end() {
        try {
            received.put(END);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!fetch()) {
            return -1;
        }
        int count = Math.min(length, packet.length - at);
        System.arraycopy(packet, at, into, offset, count);
        at += count;
        return count;
    }

    @Override
    public int available() {
        return packet.length - at;
    }

    private boolean fetch() throws IOException {
        if (ended || closed) {
            return false;
        }
        if (at == packet.length) {
            try {
                packet = received.take();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while reading from a dyno", e);
            }
            at = 0;
            ended = packet.length == 0;
        }
        return !ended;
    }

    /// Nobody wants the rest.
    @Override
    public void close() {
        closed = true;
        received.clear();
        boolean ignored = received.offer(END);
    }
}
