package dev.paddock.store;

import dev.paddock.daemons.Command;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// An empty cluster with the newest schema that an installation keeps: new data directories begin with a copy of it,
/// since initdb and the first migrations take more than half of a first start.
///
/// Its password opens no cluster for longer than its first start takes; see [FirstPassword].
record PostgresModel(Path directory) {
    private static final String PREFIX = "model-";
    private static final Duration COPY_LIMIT = Duration.ofMinutes(1);

    /// The one that fits these programs and the migrations on the class path, in the directory where the programs
    /// are kept; it need not exist.
    static PostgresModel of(Path store, Path binaries) {
        return new PostgresModel(
                store.resolve(
                        PREFIX
                                + binaries.getFileName()
                                + "-%08x".formatted(Migrations.checksum())));
    }

    static Optional<PostgresModel> existing(Optional<Path> store, Path binaries) {
        return store.map(path -> of(path, binaries)).filter(PostgresModel::exists);
    }

    private boolean exists() {
        try {
            if (Files.isWritable(directory.resolveSibling(""))) {
                Unsettled.discardTorn(directory);
            }
            return Files.isReadable(password()) && Files.isReadable(cluster());
        } catch (IOException e) {
            return false;
        }
    }

    Path password() {
        return directory.resolve("password");
    }

    /// Copies the cluster to a path where nothing is yet.
    void copyTo(Path cluster) throws IOException {
        copy(cluster(), cluster);
    }

    /// Keeps the cluster of a server that was stopped, in place of any earlier model.
    void keep(Path cluster, Path password) {
        try {
            removeAll();
            Unsettled.begin(directory);
            Path unfinished = Files.createTempDirectory(directory.resolveSibling(""), PREFIX);
            try {
                copy(cluster, unfinished.resolve("cluster"));
                Files.copy(
                        password,
                        unfinished.resolve("password"),
                        StandardCopyOption.COPY_ATTRIBUTES);
                Files.move(unfinished, directory);
            } finally {
                Trees.delete(unfinished);
            }
            Unsettled.settle(List.of(directory));
        } catch (IOException e) {
            throw new UncheckedIOException("Keeping the model of a database " + directory, e);
        }
    }

    private void removeAll() throws IOException {
        try (DirectoryStream<Path> found =
                Files.newDirectoryStream(directory.resolveSibling(""), PREFIX + "*")) {
            for (Path earlier : found) {
                Trees.delete(earlier);
            }
        }
    }

    private Path cluster() {
        return directory.resolve("cluster");
    }

    private static void copy(Path from, Path to) throws IOException {
        Command.Result result =
                Command.run(List.of("cp", "--archive", from.toString(), to.toString()), COPY_LIMIT);
        if (!result.ok()) {
            throw new IOException("Copying " + from + ": " + result.output());
        }
    }
}
