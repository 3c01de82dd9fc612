package dev.paddock.router;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// A wire that leads nowhere.
final class NoWire implements Wire {
    private boolean closed;

    @Override
    public void write(ByteBuf bytes) {
        bytes.release();
    }

    @Override
    public void flush() {}

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public long pendingBytes() {
        return 0;
    }

    @Override
    public void wantBytes(boolean wanted) {}

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public void whenWritten(Written then) {}

    @Override
    public void endAfterWrites() {}

    @Override
    public void closeAfterWrites(boolean reset) {
        close();
    }

    @Override
    public void close() {
        closed = true;
    }

    @Override
    public @Nullable ClientAddress client() {
        return null;
    }

    @Override
    public int descriptor() {
        return -1;
    }

    @Override
    public void probe() {}

    @Override
    public boolean isDead() {
        return closed;
    }
}
