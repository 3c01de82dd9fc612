package dev.paddock.store;

import dev.paddock.daemons.Daemon;
import dev.paddock.daemons.DaemonSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import java.util.zip.CRC32;

/// The PostgreSQL server of this platform: unpacked, initialised, started or adopted, and stopped by us.
public final class PostgresServer implements StateServer {
    /// Below the ephemeral range, where any outgoing connection could sit on the port when we come back.
    private static final int FIRST_PORT = 21_000;

    private static final int PORTS = 9_000;
    private static final int PORT_ATTEMPTS = 100;
    private static final int START_ATTEMPTS = 3;

    /// After a crash PostgreSQL first replays its log, at most 128 MB of it.
    private static final Duration READY_LIMIT = Duration.ofMinutes(2);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(5);

    /// Fast shutdown breaks connections off and writes a checkpoint.
    private static final Duration STOP_GRACE = Duration.ofSeconds(60);

    private final PostgresCluster cluster;
    private final Daemon daemon;
    private final int port;

    private PostgresServer(PostgresCluster cluster, Daemon daemon, int port) {
        this.cluster = cluster;
        this.daemon = daemon;
        this.port = port;
    }

    /// Unpacks the binaries into `data`, makes the cluster there on first use, and starts the server in its own session;
    /// a live postmaster of the same binaries and boot is adopted.
    ///
    /// A new cluster may hold nothing that counts before [#settle()].
    ///
    /// @param store where the binaries are kept unpacked for all data directories of this installation
    public static PostgresServer start(Path data, Path runtime, Path store) {
        return start(PostgresCluster.open(data, runtime, Optional.of(store), ""), runtime);
    }

    static PostgresServer start(Path data, Path runtime) {
        return start(PostgresCluster.open(data, runtime, Optional.empty(), ""), runtime);
    }

    /// For databases that end with the test: nothing is forced to the disk.
    static PostgresServer startThrowaway(Path data, Path runtime) {
        return start(
                PostgresCluster.open(data, runtime, Optional.empty(), "fsync = off\n"), runtime);
    }

    /// Makes an empty cluster with the newest schema and keeps it in `store`, as the model of those that [#start(Path,
    /// Path, Path)] makes there.
    ///
    /// @param scratch a directory that is not needed again
    public static void keepModel(Path scratch, Path runtime, Path store) {
        PostgresCluster cluster = PostgresCluster.open(scratch, runtime, Optional.of(store), "");
        PostgresServer server = start(cluster, runtime);
        try {
            Database.migrate(server.address());
        } finally {
            server.stop();
        }
        PostgresModel.of(store, cluster.binaries())
                .keep(cluster.directory(), scratch.resolve("password"));
    }

    /// The server of a platform that runs or was killed; it is not ours to stop.
    public static Optional<PostgresServer> find(Path data, Path runtime, Path store) {
        Optional<Daemon> living = Daemon.find(record(runtime));
        if (living.isEmpty()) {
            return Optional.empty();
        }
        PostgresCluster cluster = PostgresCluster.open(data, runtime, Optional.of(store), "");
        return cluster.port().map(port -> new PostgresServer(cluster, living.get(), port));
    }

    /// Brings the database of a server that runs for another platform to the newest schema; does nothing when none runs.
    /// What fails leaves the database as it was.
    public static void migrateRunning(Path data, Path runtime, Path store) {
        PostgresCluster cluster = PostgresCluster.open(data, runtime, Optional.of(store), "");
        Optional<Integer> port = cluster.port();
        if (running(runtime) && port.isPresent()) {
            Database.migrate(cluster.address(port.get()));
        }
    }

    private static PostgresServer start(PostgresCluster cluster, Path runtime) {
        cluster.initialise();
        Optional<Daemon> living = Daemon.find(record(runtime));
        Optional<Integer> port = cluster.port();
        if (living.isPresent()) {
            if (port.isPresent() && living.get().matches(version(cluster, port.get()))) {
                return opened(new PostgresServer(cluster, living.get(), port.get()));
            }
            living.get().stop("INT", STOP_GRACE);
        }
        cluster.clearStrays();
        for (int attempt = 1; ; attempt++) {
            int chosen = port.filter(PostgresServer::free).orElseGet(PostgresServer::choosePort);
            try {
                PostgresServer server = launch(cluster, runtime, chosen);
                PostgresBinaries.removeOthers(cluster.binaries());
                return server;
            } catch (IllegalStateException e) {
                // Between our look and its start another program may have taken the port.
                if (attempt == START_ATTEMPTS || free(chosen)) {
                    throw e;
                }
            }
        }
    }

    /// The programs in `store`, if a start has unpacked them there.
    public static Optional<Path> unpacked(Path store) {
        return PostgresBinaries.unpacked(store);
    }

    /// Whether a server of this runtime directory lives, whoever started it.
    public static boolean running(Path runtime) {
        return Daemon.find(record(runtime)).isPresent();
    }

    /// Stops the server of a platform that is not running any more; false when there was none.
    public static boolean stopLeftOver(Path runtime) {
        Optional<Daemon> living = Daemon.find(record(runtime));
        living.ifPresent(daemon -> daemon.stop("INT", STOP_GRACE));
        return living.isPresent();
    }

    /// Waits until a cluster that was just made is on the disk. Until then a crash of the machine costs all that is in
    /// it, so it must not hold anything yet that counts.
    @Override
    public void settle() {
        cluster.settle();
    }

    @Override
    public DatabaseAddress address() {
        return cluster.address(port);
    }

    public long pid() {
        return daemon.pid();
    }

    @Override
    public OptionalLong process() {
        return OptionalLong.of(pid());
    }

    /// Without a checkpoint: for a server whose data is not needed again.
    void abandon() {
        daemon.stop("QUIT", STOP_GRACE);
    }

    /// Fast shutdown; returns when the server is gone.
    @Override
    public void stop() {
        daemon.stop("INT", STOP_GRACE);
    }

    private static PostgresServer launch(PostgresCluster cluster, Path runtime, int port) {
        cluster.writePort(port);
        List<String> command = cluster.configure(port);
        Daemon daemon =
                Daemon.start(
                        new DaemonSpec(
                                record(runtime),
                                version(cluster, port),
                                command,
                                Map.of("LC_ALL", "C"),
                                cluster.log(),
                                cluster.confinement()));
        return opened(new PostgresServer(cluster, daemon, port));
    }

    private static PostgresServer opened(PostgresServer server) {
        awaitReady(server);
        server.cluster.changeFirstPassword(server.port);
        return server;
    }

    private static void awaitReady(PostgresServer server) {
        long deadline = System.nanoTime() + READY_LIMIT.toNanos();
        while (!server.cluster.ready(server.pid())) {
            boolean alive = server.daemon.alive();
            if (!alive || System.nanoTime() - deadline >= 0) {
                throw new IllegalStateException(
                        "PostgreSQL "
                                + (alive ? "is not ready after " + READY_LIMIT : "ended at once")
                                + ". The end of "
                                + server.cluster.log()
                                + ":\n"
                                + Daemon.tail(server.cluster.log()));
            }
            try {
                Thread.sleep(LOOK_AGAIN);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("Interrupted while PostgreSQL starts", e);
            }
        }
    }

    private static Path record(Path runtime) {
        return runtime.toAbsolutePath().resolve("postgres.daemon");
    }

    /// The archive and the configuration: a server that runs with others is replaced.
    private static String version(PostgresCluster cluster, int port) {
        CRC32 checksum = new CRC32();
        checksum.update(cluster.configuration(port).getBytes(StandardCharsets.UTF_8));
        return cluster.binaries().getFileName() + "-" + Long.toHexString(checksum.getValue());
    }

    private static int choosePort() {
        for (int attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
            int port = FIRST_PORT + ThreadLocalRandom.current().nextInt(PORTS);
            if (free(port)) {
                return port;
            }
        }
        throw new IllegalStateException(
                "No free port for PostgreSQL between "
                        + FIRST_PORT
                        + " and "
                        + (FIRST_PORT + PORTS)
                        + " on 127.0.0.1.");
    }

    private static boolean free(int port) {
        try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            return probe.isBound();
        } catch (IOException e) {
            return false;
        }
    }
}
