package dev.paddock.engine.local;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Optional;

/// The streams of a dyno through conmon's attach socket.
final class ConmonChannel implements DynoChannel {
    /// conmon sends at most 8 KB at once, behind one byte that numbers the pipe.
    private static final int PACKET = 8193;

    /// What conmon surely takes in one read.
    private static final int WRITE = 8192;

    private static final Duration BUSY = Duration.ofMillis(1);

    private final AttachSocket socket;
    private final MemorySegment state = AttachSocket.callState(Arena.ofAuto());
    private final MemorySegment packet = Arena.ofAuto().allocate(PACKET);

    ConmonChannel(AttachSocket socket) {
        this.socket = socket;
    }

    @Override
    public Optional<byte[]> read() throws IOException {
        int count = socket.receive(state, packet);
        while (count == 1) {
            count = socket.receive(state, packet);
        }
        return count < 1
                ? Optional.empty()
                : Optional.of(packet.asSlice(1, count - 1).toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public void write(byte[] bytes, int offset, int length)
            throws IOException, InterruptedException {
        int end = offset + length;
        for (int from = offset; from < end; from += WRITE) {
            int count = Math.min(WRITE, end - from);
            while (!socket.offer(bytes, from, count)) {
                Thread.sleep(BUSY);
            }
        }
    }

    @Override
    public void endInput() {
        socket.endOutput();
    }

    @Override
    public void interrupt() {
        socket.interrupt();
    }

    @Override
    public void close() {
        socket.close();
    }
}
