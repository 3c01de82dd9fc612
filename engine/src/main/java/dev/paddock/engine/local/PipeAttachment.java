package dev.paddock.engine.local;

import dev.paddock.dyno.Attachment;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;

/// The streams of a dyno through named pipes. Two threads of their own read and write them, for waiting there would
/// hold a virtual thread's carrier.
final class PipeAttachment implements Attachment {
    private static final int PACKET = 8192;

    private final FileOutputStream toDyno;
    private final PacketStream output = new PacketStream();
    private final ExecutorService writer;
    private final Input input = new Input();
    private final Thread reader;

    /// The shell holds both pipes open, so that opening them does not wait.
    PipeAttachment(Path in, Path out, String name) throws IOException {
        toDyno = new FileOutputStream(in.toFile());
        FileInputStream fromDyno = new FileInputStream(out.toFile());
        writer =
                Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().daemon().name("input/" + name).factory());
        reader = Thread.ofPlatform().daemon().name("output/" + name).start(() -> pump(fromDyno));
    }

    private void pump(FileInputStream fromDyno) {
        try (fromDyno) {
            byte[] bytes = new byte[PACKET];
            for (int count = fromDyno.read(bytes); count > 0; count = fromDyno.read(bytes)) {
                output.put(Arrays.copyOf(bytes, count));
            }
        } catch (IOException e) {
            // What came has been delivered.
        } catch (InterruptedException e) {
            // Closed by our side: nobody wants the rest.
            return;
        }
        output.end();
    }

    @Override
    public InputStream output() {
        return output;
    }

    @Override
    public OutputStream input() {
        return input;
    }

    @Override
    public void close() {
        input.close();
        output.close();
        reader.interrupt();
    }

    private final class Input extends OutputStream {
        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
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
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while writing to a dyno", e);
            }
        }

        /// After what is being written, however long the dyno does not read it.
        @Override
        public void close() {
            if (!writer.isShutdown()) {
                var _ =
                        writer.submit(() -> {
                            toDyno.close();
                            return true;
                        });
                writer.shutdown();
            }
        }
    }
}
