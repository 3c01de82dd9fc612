package dev.paddock.router;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.ControlCodec;
import dev.paddock.routes.ControlFrame;
import dev.paddock.routes.RoutesJson;
import dev.paddock.routes.RoutingTable;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The last table on disk, with its keys, so that a router that restarts while the platform is away serves on: a whole
/// table, and beside it the changes since, as frames of the control link. For one thread.
final class TableFile {
    /// Beyond the size of the table itself, reading the changes would take longer than reading it.
    private static final long LEAST_ROOM = 1L << 20;

    private static final FileAttribute<?> SECRET =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path file;
    private final Path changes;
    private long tableBytes;
    private long changeBytes;

    TableFile(Path file) {
        this.file = file;
        this.changes = file.resolveSibling(file.getFileName() + ".changes");
    }

    /// What was kept; empty when there is none or it cannot be read.
    Optional<ControlFrame.Snapshot> read() {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try (InputStream in = Files.newInputStream(file)) {
            return Optional.of(withChanges(RoutesJson.parseSnapshot(in)));
        } catch (IOException | IllegalArgumentException broken) {
            System.err.println(
                    "router: the kept routes in " + file + " are lost: " + broken.getMessage());
            return Optional.empty();
        }
    }

    private ControlFrame.Snapshot withChanges(ControlFrame.Snapshot whole) {
        Map<String, AppRoute> apps = new LinkedHashMap<>();
        whole.routes().apps().forEach(app -> apps.put(app.name(), app));
        long table = whole.table();
        try (InputStream in = new BufferedInputStream(Files.newInputStream(changes))) {
            while (ControlCodec.read(in) instanceof ControlFrame.Change change) {
                if (change.from() == table) {
                    change.gone().forEach(apps::remove);
                    change.apps().forEach(app -> apps.put(app.name(), app));
                    table = change.table();
                }
            }
        } catch (IOException _) {
            // The end, or where the last router was cut off.
        }
        return new ControlFrame.Snapshot(
                table, new RoutingTable(whole.routes().timeouts(), List.copyOf(apps.values())));
    }

    void write(ControlFrame.Snapshot table) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        Set<StandardOpenOption> create =
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try (FileChannel channel = FileChannel.open(fresh, create, SECRET)) {
            OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel));
            RoutesJson.writeSnapshot(table, new Unclosed(out));
            out.flush();
            channel.force(true);
            tableBytes = channel.size();
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        // If this router ends here, the old changes lead to no table that is newer than the file's.
        Files.deleteIfExists(changes);
        changeBytes = 0;
    }

    /// Whether the changes have grown so much that the whole table should be written.
    boolean isFull() {
        return changeBytes > Math.max(tableBytes, LEAST_ROOM);
    }

    /// Not synced: it has to survive the end of this process, but after one of the machine no dyno is left.
    void append(List<ControlFrame.Change> next) throws IOException {
        Set<StandardOpenOption> append =
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        try (FileChannel channel = FileChannel.open(changes, append, SECRET)) {
            OutputStream out = Channels.newOutputStream(channel);
            for (ControlFrame.Change change : next) {
                ControlCodec.write(out, change);
            }
            changeBytes = channel.size();
        }
    }

    /// The JSON generator closes what it wrote to.
    private static final class Unclosed extends java.io.FilterOutputStream {
        Unclosed(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            flush();
        }
    }
}
