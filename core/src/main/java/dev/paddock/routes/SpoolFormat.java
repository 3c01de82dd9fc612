package dev.paddock.routes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/// How records lie in the spool's files.
///
/// A file is named after the sequence number of its first record. Records follow each other, each padded to eight
/// bytes: length (int; what follows the two ints), checksum of what follows (int), sequence (long), epoch
/// microseconds (long), length of the app (int), app, line. A length of zero is the end. The length is written last,
/// so a reader sees a record whole or not at all; the checksum finds what a power failure tore.
final class SpoolFormat {
    static final int RECORD_HEAD = 8;
    static final int FIXED = 20;
    static final int MAX_LINE_BYTES = 60_000;
    static final int MAX_APP_BYTES = 200;
    static final int MAX_RECORD_BYTES =
            padded(RECORD_HEAD + FIXED + MAX_APP_BYTES + MAX_LINE_BYTES);

    private static final Pattern FILE_NAME = Pattern.compile("(\\d{19})\\.spool");

    private SpoolFormat() {}

    static int padded(int bytes) {
        return (bytes + 7) & ~7;
    }

    static Path file(Path directory, long firstSequence) {
        return directory.resolve("%019d.spool".formatted(firstSequence));
    }

    /// The first sequence numbers of the files that are there, ascending.
    static List<Long> files(Path directory) throws IOException {
        try (Stream<Path> listed = Files.list(directory)) {
            return listed.map(path -> FILE_NAME.matcher(path.getFileName().toString()))
                    .filter(name -> name.matches())
                    .map(name -> Long.valueOf(name.group(1)))
                    .sorted()
                    .toList();
        } catch (UncheckedIOException broken) {
            throw broken.getCause();
        }
    }

    /// The bytes of the record at the buffer's position with its head and padding; 0 when there is no whole record
    /// in the buffer, -1 when there is none in the file either.
    static int recordAt(ByteBuffer bytes) {
        int at = bytes.position();
        if (bytes.remaining() < RECORD_HEAD) {
            return 0;
        }
        int length = bytes.getInt(at);
        if (length < FIXED || length > MAX_RECORD_BYTES - RECORD_HEAD) {
            return -1;
        }
        int whole = padded(RECORD_HEAD + length);
        if (bytes.remaining() < whole) {
            return 0;
        }
        CRC32C checksum = new CRC32C();
        checksum.update(bytes.slice(at + RECORD_HEAD, length));
        int appBytes = bytes.getInt(at + RECORD_HEAD + 16);
        boolean sound =
                (int) checksum.getValue() == bytes.getInt(at + 4)
                        && appBytes >= 0
                        && appBytes <= length - FIXED;
        return sound ? whole : -1;
    }

    static long sequenceAt(ByteBuffer bytes) {
        return bytes.getLong(bytes.position() + RECORD_HEAD);
    }
}
