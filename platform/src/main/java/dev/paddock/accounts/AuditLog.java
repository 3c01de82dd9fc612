package dev.paddock.accounts;

import dev.paddock.core.Actor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Who changed what: one line per change, in files that only the operator reads. Safe for any thread.
public final class AuditLog {
    private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);

    /// Some 50,000 changes.
    private static final long MAX_FILE_BYTES = 8 * 1024 * 1024;

    private static final int MAX_FILES = 10;

    private final Object lock = new Object();
    private final Path directory;
    private final long maxFileBytes;

    public AuditLog(Path directory) {
        this(directory, MAX_FILE_BYTES);
    }

    AuditLog(Path directory, long maxFileBytes) {
        this.directory = directory;
        this.maxFileBytes = maxFileBytes;
    }

    /// A change that was made.
    ///
    /// @param key the id of the key that was used, or `-`
    /// @param request the id of the request, or `-`
    /// @param what as `PATCH /apps/shop/config-vars`; holds no secrets
    public record Entry(Instant at, Actor user, String key, String request, String what) {
        String line() {
            return "%s user=%s key=%s request=%s %s%n"
                    .formatted(
                            at.truncatedTo(ChronoUnit.MILLIS),
                            printable(user.email()),
                            printable(key),
                            printable(request),
                            printable(what));
        }

        /// No input of a user may begin a line of its own.
        private static String printable(String text) {
            return text.replaceAll("[\\p{Cntrl}\\u2028\\u2029]", "?");
        }
    }

    /// A disk that is full must not keep users from what they may do: then the line goes to the platform's own log.
    public void record(Entry entry) {
        String line = entry.line();
        synchronized (lock) {
            try {
                append(line);
            } catch (IOException e) {
                LOG.warn("Could not write to {}: {}. It was: {}", directory, e, line.strip());
            }
        }
    }

    private void append(String line) throws IOException {
        Files.createDirectories(
                directory,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path newest = file(0);
        if (Files.exists(newest) && Files.size(newest) + line.length() > maxFileBytes) {
            for (int number = MAX_FILES - 2; number >= 0; number--) {
                if (Files.exists(file(number))) {
                    Files.move(file(number), file(number + 1), StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
        try (FileChannel out =
                FileChannel.open(
                        newest,
                        Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")))) {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(line);
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
        }
    }

    private Path file(int number) {
        return directory.resolve(number == 0 ? "audit.log" : "audit.log." + number);
    }
}
