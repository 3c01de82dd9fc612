package dev.paddock.routes;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// A frame being encoded, in pieces: one growing array would be copied again and again, and a whole table takes tens of
/// megabytes. For one thread.
final class FrameBytes extends OutputStream {
    private static final int SMALLEST = 512;
    private static final int LARGEST = 64 * 1024;

    private final List<byte[]> full = new ArrayList<>(0);
    private byte[] piece = new byte[SMALLEST];
    private int used;
    private long before;

    @Override
    public void write(int value) {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] from, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, from.length);
        int done = 0;
        while (done < length) {
            if (used == piece.length) {
                full.add(piece);
                before += used;
                piece = new byte[Math.min(LARGEST, 4 * piece.length)];
                used = 0;
            }
            int step = Math.min(length - done, piece.length - used);
            System.arraycopy(from, offset + done, piece, used, step);
            used += step;
            done += step;
        }
    }

    long size() {
        return before + used;
    }

    /// Replaces the first four bytes.
    void begin(int length) {
        ByteBuffer.wrap(full.isEmpty() ? piece : full.getFirst()).putInt(length);
    }

    void writeTo(OutputStream out) throws IOException {
        for (byte[] bytes : full) {
            out.write(bytes);
        }
        out.write(piece, 0, used);
    }
}
