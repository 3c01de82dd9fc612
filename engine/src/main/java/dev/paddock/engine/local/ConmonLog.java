package dev.paddock.engine.local;

import dev.paddock.dyno.DynoOutput;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Reads the log file that conmon writes, through its rotations. A cursor is the number of the file and a position in
/// it; [LogFiles] keeps the files that conmon has left until they are read. For one thread.
final class ConmonLog implements DynoOutput {
    private static final int BUFFER = 1 << 16;
    private static final int BATCH = 1000;

    /// With conmon's own 46 bytes; to tell lines from bytes before any was read.
    private static final int TYPICAL_LINE = 120;

    /// How often to look though nothing was told.
    private static final Duration LOOK = Duration.ofSeconds(5);

    /// The reader of a flood never waits for lines. Without a pause after each batch it would keep one carrier of all
    /// virtual threads to itself, and as many floods as processors would stop everything; to yield is not enough,
    /// for the scheduler's queues get no equal turns.
    private static final Duration BREATH = Duration.ofMillis(1);

    private static final Duration GATHER = Duration.ofMillis(5);

    private final LogFiles files;
    private final BooleanSupplier dynoEnded;
    private final LineParser parser;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    private @Nullable FileChannel channel;
    private long number;
    private long position;
    private long consumed;

    /// Where reading began in all that conmon wrote; known once there is a file.
    private OptionalLong origin = OptionalLong.empty();

    private long lostBytes;
    private boolean ended;
    private boolean closed;

    ConmonLog(LogFiles files, long cursor, LineParser parser, BooleanSupplier dynoEnded) {
        this.files = files;
        this.parser = parser;
        this.dynoEnded = dynoEnded;
        this.number = LogFiles.number(cursor);
        this.position = LogFiles.position(cursor);
    }

    @Override
    public List<Line> read(Duration wait) {
        long deadline = System.nanoTime() + wait.toNanos();
        while (!closed) {
            long seen = files.changes();
            boolean last = dynoEnded.getAsBoolean();
            List<Line> lines = available(last);
            long left = deadline - System.nanoTime();
            try {
                if (lines.size() >= BATCH) {
                    Thread.sleep(BREATH);
                }
                if (!lines.isEmpty() || ended || left <= 0) {
                    return lines;
                }
                files.awaitChange(seen, Duration.ofNanos(Math.min(left, LOOK.toNanos())));
                // A line seldom comes alone.
                Thread.sleep(GATHER);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return lines;
            }
        }
        return List.of();
    }

    /// The lines there are now; with `last` set, nothing more will be written, and what is there is all.
    private List<Line> available(boolean last) {
        List<Line> lines = new ArrayList<>();
        try {
            while (lines.size() < BATCH) {
                if (fill()) {
                    long begin = position - buffer.remaining();
                    parser.parse(buffer, LogFiles.cursor(number, begin), lines);
                } else if (!advance()) {
                    if (last && !ended) {
                        parser.end(LogFiles.cursor(number, position), lines);
                        ended = true;
                    }
                    break;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read a dyno's log: " + e.getMessage(), e);
        }
        return lines;
    }

    /// Reads on in the current file; false when there is nothing more now.
    private boolean fill() throws IOException {
        FileChannel open = channel;
        if (open == null) {
            open = open();
            if (open == null) {
                return false;
            }
            channel = open;
        }
        if (open.size() <= position) {
            return false;
        }
        buffer.clear();
        int count = open.read(buffer, position);
        if (count <= 0) {
            return false;
        }
        position += count;
        consumed += count;
        buffer.flip();
        return true;
    }

    private @Nullable FileChannel open() throws IOException {
        OptionalLong first = files.first(number);
        if (first.isEmpty()) {
            return null;
        }
        if (origin.isEmpty()) {
            origin = OptionalLong.of(files.begin(number) + position);
        }
        if (first.getAsLong() != number) {
            // The file the cursor points into is gone, with what had not been read of it.
            leave(first.getAsLong());
        }
        try {
            return FileChannel.open(files.path(number));
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /// Goes to the next file, if conmon has begun one and this one is read to its end.
    private boolean advance() throws IOException {
        FileChannel open = channel;
        if (open == null || !files.left(number)) {
            return false;
        }
        if (open.size() == position) {
            open.close();
            channel = null;
            leave(number + 1);
        }
        return true;
    }

    private void leave(long next) {
        number = next;
        position = 0;
        if (untoldBytes() > 0) {
            parser.reset();
        }
    }

    /// What was lost of the bytes up to here and not yet told. Whole files are lost or none; the smaller differences
    /// are what conmon writes elsewhere, and that it goes on while it is measured.
    private long untoldBytes() {
        if (origin.isEmpty()) {
            return 0;
        }
        long bytes = files.begin(number) + position - origin.getAsLong() - consumed - lostBytes;
        return bytes < Conmon.LOG_BYTES / 2 ? 0 : bytes;
    }

    private long averageLine() {
        return parser.lines() == 0 ? TYPICAL_LINE : Math.max(1, consumed / parser.lines());
    }

    @Override
    public boolean ended() {
        return ended;
    }

    @Override
    public long lost() {
        long bytes = untoldBytes();
        lostBytes += bytes;
        return bytes / averageLine();
    }

    @Override
    public void close() {
        closed = true;
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close a dyno's log", e);
        }
    }
}
