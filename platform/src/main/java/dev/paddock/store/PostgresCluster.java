package dev.paddock.store;

import dev.paddock.daemons.Bind;
import dev.paddock.daemons.Command;
import dev.paddock.daemons.Confinement;
import dev.paddock.daemons.Processes;
import dev.paddock.daemons.SystemUser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The files of our PostgreSQL server: programs, cluster, configuration, password.
///
/// All is owned by us but the cluster itself, which belongs to the server's user. That user is not trusted: nothing is
/// written below the cluster by us, and what is read there is taken as numbers only.
record PostgresCluster(
        Path root,
        Path binaries,
        Optional<Path> store,
        Confinement confinement,
        String moreConfiguration) {
    static final String USER = "paddock";
    static final String SYSTEM_USER = "paddock-db";

    private static final Duration INITDB_LIMIT = Duration.ofMinutes(2);

    /// The processes of a killed postmaster notice its death at once and have nothing to finish.
    private static final Duration STRAY_LIMIT = Duration.ofSeconds(5);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(10);
    private static final int PASSWORD_BYTES = 20;

    /// @param store see [PostgresBinaries#unpack(Path, Optional)]
    /// @param moreConfiguration lines that override the usual ones
    static PostgresCluster open(
            Path data, Path runtime, Optional<Path> store, String moreConfiguration) {
        Path root = data.toAbsolutePath();
        Path inside = runtime.toAbsolutePath().resolve("postgres");
        try {
            Files.createDirectories(root);
            Files.createDirectories(root.resolve("conf"));
        } catch (IOException e) {
            throw new UncheckedIOException("Making the database's directory " + root, e);
        }
        Path binaries = PostgresBinaries.unpack(root, store);
        List<Bind> binds =
                List.of(
                        Bind.readOnly(binaries, inside.resolve("programs")),
                        Bind.readOnly(root.resolve("conf"), inside.resolve("conf")),
                        Bind.writable(root.resolve("cluster"), inside.resolve("cluster")));
        return new PostgresCluster(
                root, binaries, store, Confinement.as(SYSTEM_USER, binds), moreConfiguration);
    }

    Path directory() {
        return root.resolve("cluster");
    }

    Path log() {
        return root.resolve("server.log");
    }

    /// Makes the cluster when there is none.
    void initialise() {
        try {
            Unsettled.discardTorn(directory());
            if (!Files.exists(directory().resolve("PG_VERSION"))) {
                Unsettled.begin(directory());
                Optional<PostgresModel> model = PostgresModel.existing(store, binaries);
                if (model.isPresent()) {
                    copy(model.get());
                } else {
                    FirstPassword.in(root).forget();
                    create();
                }
            }
            adoptOwner();
        } catch (IOException e) {
            throw new UncheckedIOException("Making the database cluster " + directory(), e);
        }
    }

    /// Ends the use of the model's password; the server runs.
    void changeFirstPassword(int port) {
        FirstPassword.in(root).change(address(port));
    }

    /// Brings what was made for this start onto the disk.
    void settle() {
        try {
            PostgresBinaries.settle(binaries, store);
            Unsettled.settle(List.of(directory()));
        } catch (IOException e) {
            throw new UncheckedIOException("Syncing the new database " + root, e);
        }
    }

    String password() {
        Path file = root.resolve("password");
        try {
            if (!Files.exists(file)) {
                byte[] random = new byte[PASSWORD_BYTES];
                new SecureRandom().nextBytes(random);
                replace(file, HexFormat.of().formatHex(random) + "\n", "rw-------");
            }
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("Reading the database password " + file, e);
        }
    }

    DatabaseAddress address(int port) {
        return DatabaseAddress.ours(port, USER, password());
    }

    Optional<Integer> port() {
        try {
            return Optional.of(Integer.valueOf(Files.readString(root.resolve("port")).strip()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("Reading the database's port", e);
        }
    }

    void writePort(int port) {
        try {
            replace(root.resolve("port"), port + "\n", "rw-------");
        } catch (IOException e) {
            throw new UncheckedIOException("Writing the database's port", e);
        }
    }

    /// Writes the configuration and returns the command that runs the server.
    List<String> configure(int port) {
        Path conf = root.resolve("conf");
        try {
            Files.setPosixFilePermissions(conf, PosixFilePermissions.fromString("rwxr-xr-x"));
            replace(conf.resolve("postgresql.conf"), configuration(port), "rw-r--r--");
            replace(
                    conf.resolve("pg_hba.conf"),
                    "host all all 127.0.0.1/32 scram-sha-256\n",
                    "rw-r--r--");
            replace(conf.resolve("pg_ident.conf"), "", "rw-r--r--");
        } catch (IOException e) {
            throw new UncheckedIOException("Configuring the database in " + conf, e);
        }
        return List.of(
                program("postgres"),
                "-D",
                confinement.inside(directory()).toString(),
                "-c",
                "config_file=" + confinement.inside(conf.resolve("postgresql.conf")));
    }

    /// Small: a handful of connections and tables of a few thousand rows. A statement that fails is the platform's
    /// affair and may contain secrets, so statements are not logged.
    String configuration(int port) {
        Path conf = confinement.inside(root.resolve("conf"));
        return """
        hba_file = '%s/pg_hba.conf'
        ident_file = '%s/pg_ident.conf'
        listen_addresses = '127.0.0.1'
        port = %d
        unix_socket_directories = ''
        max_connections = 40
        shared_buffers = 16MB
        huge_pages = off
        wal_buffers = 1MB
        work_mem = 2MB
        maintenance_work_mem = 16MB
        max_wal_size = 128MB
        min_wal_size = 32MB
        io_method = sync
        jit = off
        max_wal_senders = 0
        max_logical_replication_workers = 0
        max_worker_processes = 2
        max_parallel_workers = 0
        max_parallel_workers_per_gather = 0
        autovacuum_max_workers = 1
        autovacuum_worker_slots = 2
        fsync = on
        log_min_messages = log
        log_min_error_statement = panic
        log_checkpoints = off
        log_timezone = 'UTC'
        timezone = 'UTC'
        datestyle = 'iso, mdy'
        """
                        .formatted(conf, conf, port)
                + moreConfiguration;
    }

    /// Whether the server with this pid accepts connections: it says so in the last line of its pid file.
    boolean ready(long pid) {
        List<String> lines = pidFile();
        return lines.size() >= 8
                && lines.getFirst().strip().equals(Long.toString(pid))
                && lines.get(7).startsWith("ready");
    }

    /// Ends what a server that was killed, or whose record was lost, left behind: processes that have the cluster as
    /// working directory, and the pid file, which could name a pid that belongs to another server by now.
    void clearStrays() {
        List<String> lines = pidFile();
        for (long pid : Processes.workingIn(directory())) {
            if (!lines.isEmpty() && lines.getFirst().strip().equals(Long.toString(pid))) {
                Processes.signal(pid, "INT");
            }
        }
        if (!awaitNoProcess()) {
            Processes.workingIn(directory()).forEach(pid -> Processes.signal(pid, "KILL"));
            if (!awaitNoProcess()) {
                throw new IllegalStateException(
                        "Processes of an earlier database server do not end: "
                                + Processes.workingIn(directory()));
            }
        }
        try {
            Files.deleteIfExists(directory().resolve("postmaster.pid"));
        } catch (IOException e) {
            throw new UncheckedIOException("Removing a stale postmaster.pid", e);
        }
    }

    private boolean awaitNoProcess() {
        long deadline = System.nanoTime() + STRAY_LIMIT.toNanos();
        while (!Processes.workingIn(directory()).isEmpty()) {
            if (System.nanoTime() - deadline >= 0) {
                return false;
            }
            try {
                Thread.sleep(LOOK_AGAIN);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("Interrupted while PostgreSQL ends", e);
            }
        }
        return true;
    }

    private List<String> pidFile() {
        Path file = directory().resolve("postmaster.pid");
        try (var channel = Files.newByteChannel(file, LinkOption.NOFOLLOW_LINKS)) {
            var bytes = java.nio.ByteBuffer.allocate(4096);
            channel.read(bytes);
            return StandardCharsets.ISO_8859_1.decode(bytes.flip()).toString().lines().toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException("Reading " + file, e);
        }
    }

    /// initdb works in a directory of its own that is renamed at the end, so that one that was interrupted does not
    /// pass for a cluster.
    private void create() throws IOException {
        Path unfinished = root.resolve("cluster.new");
        Trees.delete(unfinished);
        Files.createDirectory(
                unfinished,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path secrets = Files.createTempDirectory(root, "init");
        Path passwordFile = secrets.resolve("password");
        replace(passwordFile, password() + "\n", "rw-------");
        own(unfinished);
        own(secrets);
        own(passwordFile);
        try {
            Confinement initial = initialConfinement(unfinished, secrets);
            Command.Result result =
                    Command.run(
                            initial.wrap(
                                    List.of(
                                            program("initdb"),
                                            "-D",
                                            initial.inside(unfinished).toString(),
                                            "--username=" + USER,
                                            "--pwfile=" + initial.inside(passwordFile),
                                            "--auth=scram-sha-256",
                                            "--encoding=UTF8",
                                            "--locale=C",
                                            "--no-sync",
                                            "--no-instructions")),
                            Map.of("LC_ALL", "C"),
                            INITDB_LIMIT);
            if (!result.ok()) {
                throw new IOException("initdb failed: " + result.output());
            }
        } finally {
            Trees.delete(secrets);
        }
        Files.move(unfinished, directory());
    }

    /// [#adoptOwner()] gives it to the server's user.
    private void copy(PostgresModel model) throws IOException {
        Path unfinished = root.resolve("cluster.new");
        Trees.delete(unfinished);
        FirstPassword.in(root).take(model.password());
        model.copyTo(unfinished);
        Files.move(unfinished, directory());
    }

    private Confinement initialConfinement(Path unfinished, Path secrets) {
        if (confinement.binds().isEmpty()) {
            return confinement;
        }
        Path inside = confinement.inside(directory());
        return new Confinement(
                confinement.user(),
                false,
                List.of(
                        confinement.binds().getFirst(),
                        Bind.writable(unfinished, inside),
                        Bind.readOnly(secrets, inside.resolveSibling("secrets"))));
    }

    private String program(String name) {
        return confinement.inside(binaries.resolve("bin").resolve(name)).toString();
    }

    /// A data directory that was copied, or used without root before, belongs to somebody else.
    private void adoptOwner() throws IOException {
        Optional<SystemUser> user = confinement.user();
        if (user.isPresent()
                && (int) Files.getAttribute(directory(), "unix:uid") != user.get().uid()) {
            try (var files = Files.walk(directory())) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    own(file);
                }
            }
        }
    }

    private void own(Path file) throws IOException {
        if (confinement.user().isPresent()) {
            SystemUser user = confinement.user().get();
            Files.setAttribute(file, "unix:uid", user.uid(), LinkOption.NOFOLLOW_LINKS);
            Files.setAttribute(file, "unix:gid", user.gid(), LinkOption.NOFOLLOW_LINKS);
        }
    }

    private static void replace(Path file, String text, String permissions) throws IOException {
        Path written = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(written);
        Files.createFile(
                written,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (var channel =
                java.nio.channels.FileChannel.open(
                        written, java.nio.file.StandardOpenOption.WRITE)) {
            channel.write(StandardCharsets.UTF_8.encode(text));
            channel.force(true);
        }
        Files.setPosixFilePermissions(written, PosixFilePermissions.fromString(permissions));
        Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
