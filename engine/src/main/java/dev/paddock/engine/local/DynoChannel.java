package dev.paddock.engine.local;

import java.io.IOException;
import java.util.Optional;

/// The way to the streams of one dyno. One thread reads, one writes, any may interrupt.
interface DynoChannel extends AutoCloseable {
    /// What the dyno wrote next; waits for it, holding on to the calling thread. Empty at the end.
    Optional<byte[]> read() throws IOException;

    /// Waits while the dyno does not read.
    void write(byte[] bytes, int offset, int length) throws IOException, InterruptedException;

    /// Nothing more will be written.
    void endInput();

    /// Wakes up the reader where that is possible: nobody wants the rest.
    void interrupt();

    /// Called by the reader, when it is done.
    @Override
    void close() throws IOException;
}
