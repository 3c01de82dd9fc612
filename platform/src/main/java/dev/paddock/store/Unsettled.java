package dev.paddock.store;

import dev.paddock.daemons.Command;
import dev.paddock.daemons.Processes;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;

/// Marks of directories that were just made and may not be on the disk yet.
///
/// To sync thousands of small files takes longer than all else of a first start, so it happens beside it. Until then a
/// crash of the machine may tear such a directory; the mark, which is on the disk before the directory begins, tells
/// the next start to make it anew. Whoever makes one puts nothing into it that counts before [#settle(List)].
final class Unsettled {
    private static final Duration SYNC_LIMIT = Duration.ofMinutes(2);

    private Unsettled() {}

    /// To be called before the first file of the directory is written.
    static void begin(Path directory) throws IOException {
        Files.createDirectories(directory.resolveSibling(""));
        Path mark = mark(directory);
        try (FileChannel channel =
                FileChannel.open(
                        mark,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            channel.write(StandardCharsets.UTF_8.encode(Processes.bootId()));
            channel.force(true);
        }
        try (FileChannel parent = FileChannel.open(directory.resolveSibling(""))) {
            parent.force(true);
        }
    }

    /// Deletes a directory that the machine's last crash may have torn.
    static void discardTorn(Path directory) throws IOException {
        Path mark = mark(directory);
        if (Files.exists(mark) && !Files.readString(mark).equals(Processes.bootId())) {
            Trees.delete(directory);
            Files.delete(mark);
        }
    }

    /// Brings these onto the disk, as far as they are not yet; at once when they are.
    static void settle(List<Path> directories) throws IOException {
        for (Path directory : directories) {
            if (Files.exists(mark(directory))) {
                Command.Result result =
                        Command.run(
                                List.of("sync", "--file-system", directory.toString()), SYNC_LIMIT);
                if (!result.ok()) {
                    throw new IOException("sync of " + directory + " failed: " + result.output());
                }
                Files.delete(mark(directory));
            }
        }
    }

    private static Path mark(Path directory) {
        return directory.resolveSibling(directory.getFileName() + ".unsettled");
    }
}
