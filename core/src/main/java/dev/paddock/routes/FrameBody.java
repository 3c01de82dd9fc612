package dev.paddock.routes;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/// The bytes of one frame's body as a stream, read where they are: a whole table need not be in memory twice. For one
/// thread.
final class FrameBody extends InputStream {
    private final InputStream link;
    private int left;

    FrameBody(InputStream link, int length) {
        this.link = link;
        this.left = length;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        if (left == 0) {
            return -1;
        }
        int count = link.read(into, offset, Math.min(length, left));
        if (count < 0) {
            throw new EOFException("the control link ended");
        }
        left -= count;
        return count;
    }
}
