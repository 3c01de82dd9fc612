package dev.paddock.engine.local;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;

/// The streams of a dyno through named pipes. A thread of its own writes, for waiting there would hold a virtual
/// thread's carrier.
final class PipeChannel implements DynoChannel {
    private static final int PACKET = 8192;

    private final FileOutputStream toDyno;
    private final FileInputStream fromDyno;
    private final ExecutorService writer;
    private final byte[] packet = new byte[PACKET];

    /// The shell holds both pipes open, so that opening them does not wait.
    PipeChannel(Path in, Path out, String name) throws IOException {
        toDyno = new FileOutputStream(in.toFile());
        fromDyno = new FileInputStream(out.toFile());
        writer =
                Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().daemon().name("input/" + name).factory());
    }

    @Override
    public Optional<byte[]> read() throws IOException {
        int count = fromDyno.read(packet);
        return count > 0 ? Optional.of(Arrays.copyOf(packet, count)) : Optional.empty();
    }

    @Override
    public void write(byte[] bytes, int offset, int length)
            throws IOException, InterruptedException {
        byte[] copy = Arrays.copyOfRange(bytes, offset, offset + length);
        try {
            writer.submit(
                            () -> {
                                toDyno.write(copy);
                                return copy.length;
                            })
                    .get();
        } catch (ExecutionException | RejectedExecutionException e) {
            throw new IOException("writing to a dyno failed: " + e.getMessage(), e);
        }
    }

    /// After what is being written, however long the dyno does not read it.
    @Override
    public void endInput() {
        if (!writer.isShutdown()) {
            var _ =
                    writer.submit(() -> {
                        toDyno.close();
                        return true;
                    });
            writer.shutdown();
        }
    }

    @Override
    public void interrupt() {
        // The reader ends with the dyno.
    }

    @Override
    public void close() throws IOException {
        fromDyno.close();
    }
}
