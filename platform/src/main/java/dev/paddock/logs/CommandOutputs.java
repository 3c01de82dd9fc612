package dev.paddock.logs;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.paddock.core.AppId;
import dev.paddock.store.Trees;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What builds and release commands print: a file each, which may be read while it grows. Safe for any thread.
public final class CommandOutputs {
    private static final Logger LOG = LoggerFactory.getLogger(CommandOutputs.class);

    /// Of one command; what comes after is not kept.
    private static final long MAX_BYTES = 64L * 1024 * 1024;

    private static final int COPY_BYTES = 64 * 1024;

    /// How often a quiet reader looks whether it should end.
    private static final long LOOK_MILLIS = 500;

    private final Path directory;
    private final Map<UUID, Recording> growing = new ConcurrentHashMap<>();

    public CommandOutputs(Path directory) {
        this.directory = directory;
    }

    /// Begins the output of a command, under the id of its build or release.
    public Recording begin(AppId app, UUID id) {
        try {
            Path folder = directory.resolve(app.toString());
            Files.createDirectories(folder);
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
            Recording recording =
                    new Recording(
                            id,
                            FileChannel.open(
                                    file(app, id),
                                    StandardOpenOption.CREATE,
                                    StandardOpenOption.TRUNCATE_EXISTING,
                                    StandardOpenOption.WRITE));
            growing.put(id, recording);
            return recording;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path file(AppId app, UUID id) {
        return directory.resolve(app.toString()).resolve(id.toString());
    }

    public boolean has(AppId app, UUID id) {
        return Files.exists(file(app, id));
    }

    /// Sends an output from its beginning until the command has ended or `enough` says so. Throws IOException when the
    /// reader goes away.
    public void send(AppId app, UUID id, OutputStream out, BooleanSupplier enough)
            throws IOException, InterruptedException {
        try (FileChannel file = FileChannel.open(file(app, id), StandardOpenOption.READ)) {
            ByteBuffer buffer = ByteBuffer.allocate(COPY_BYTES);
            while (!enough.getAsBoolean()) {
                // Looked at before the file: what is written last is read in any case.
                Recording recording = growing.get(id);
                int count = file.read(buffer.clear());
                if (count > 0) {
                    out.write(buffer.array(), 0, count);
                    out.flush();
                } else if (recording == null) {
                    return;
                } else {
                    recording.await(file.position(), enough);
                }
            }
        }
    }

    /// Deletes all outputs of an app.
    public void remove(AppId app) {
        try {
            Trees.delete(directory.resolve(app.toString()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// One output while it grows. It never fails the command: a full disk only ends what is kept.
    public final class Recording implements Consumer<String>, AutoCloseable {
        private final UUID id;
        private final FileChannel file;
        private final Object lock = new Object();
        private long bytes;
        private boolean ended;
        private boolean closed;

        private Recording(UUID id, FileChannel file) {
            this.id = id;
            this.file = file;
        }

        @Override
        public void accept(String line) {
            synchronized (lock) {
                if (!ended) {
                    write(line + "\n");
                }
                if (!ended && bytes > MAX_BYTES) {
                    write(" !     What follows is not kept.\n");
                    ended = true;
                }
                lock.notifyAll();
            }
        }

        private void write(String text) {
            try {
                ByteBuffer line = ByteBuffer.wrap(text.getBytes(UTF_8));
                bytes += line.remaining();
                while (line.hasRemaining()) {
                    file.write(line);
                }
            } catch (IOException e) {
                LOG.warn("the output of {} is not kept from here on: {}", id, e.toString());
                ended = true;
            }
        }

        private void await(long position, BooleanSupplier enough) throws InterruptedException {
            synchronized (lock) {
                while (bytes <= position && !closed && !enough.getAsBoolean()) {
                    lock.wait(LOOK_MILLIS);
                }
            }
        }

        @Override
        public void close() {
            growing.remove(id, this);
            synchronized (lock) {
                ended = true;
                closed = true;
                lock.notifyAll();
            }
            try {
                file.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
