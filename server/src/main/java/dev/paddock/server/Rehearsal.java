package dev.paddock.server;

import dev.paddock.core.UserError;
import dev.paddock.formation.FormationRules;
import dev.paddock.metering.FreeHours;
import dev.paddock.store.PostgresServer;
import dev.paddock.store.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// A start and an end that nobody sees, from which java learns what to keep in its archives: of the platform, when
/// java was called so, and of the router.
public final class Rehearsal {
    private static final String LOOPBACK = "127.0.0.1";
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(20);

    /// To write an archive, java starts itself once more.
    private static final Duration ARCHIVE_LIMIT = Duration.ofSeconds(60);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

    /// Of load for the router.
    private static final Duration DRILL = Duration.ofSeconds(7);

    /// With fewer something is wrong, and what java learned is not worth keeping.
    private static final int FEWEST_ANSWERS = 1000;

    private final Installation installation;
    private final boolean installs;
    private volatile boolean signalled;

    /// @param installs whether missing Debian packages may be installed
    public Rehearsal(Installation installation, boolean installs) {
        this.installation = installation;
        this.installs = installs;
    }

    /// Leaves nothing but the archives, the database's programs and the model of its clusters, beside the jars; also
    /// when a signal ends it.
    public void run() {
        // A start that is torn leaves more behind than one that is ended in order a moment later.
        Signals.handle(_ -> signalled = true);
        try {
            Path scratch = Files.createTempDirectory("paddock-prepare");
            try {
                keepModel(scratch.resolve("model"));
                if (!signalled) {
                    platform(scratch.resolve("data"));
                }
                if (!signalled) {
                    router(Files.createDirectory(scratch.resolve("router")));
                }
            } finally {
                Trees.delete(scratch);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Rehearsing a start", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while rehearsing a start", e);
        }
        if (signalled) {
            throw new UserError(
                    "unavailable", "A signal ended the preparation; the next start makes it anew.");
        }
    }

    private void keepModel(Path data) throws IOException {
        RuntimeDirectory runtime = RuntimeDirectory.of(Files.createDirectory(data));
        runtime.create();
        try {
            PostgresServer.keepModel(
                    data.resolve("postgres"), runtime.path(), installation.postgres());
        } finally {
            Trees.delete(runtime.path());
            Machine.removeUsersUnlessNeeded(runtime.root(), _ -> {});
        }
    }

    private void platform(Path data) throws IOException, InterruptedException {
        List<HostPort> ports = freePorts(4);
        Settings settings =
                new Settings(
                        data,
                        ports.get(0),
                        ports.get(1),
                        ports.get(2),
                        ports.get(3),
                        "localhost",
                        false,
                        installs,
                        1,
                        0,
                        0,
                        0,
                        List.of(),
                        FreeHours.PER_APP,
                        FormationRules.USUAL,
                        Optional.empty());
        try {
            Paddock paddock = Paddock.start(settings, installation);
            try {
                String key = paddock.operator().key();
                get(ports.getFirst(), "/account", key);
                get(ports.getFirst(), "/apps", key);
            } finally {
                paddock.stop(new Grace());
            }
        } finally {
            if (Files.exists(data.resolve(DataDirectory.LOCK))) {
                new Teardown(data, _ -> {}).purge();
            }
        }
    }

    private void router(Path state) throws IOException, InterruptedException {
        try (RouterDrill drill = new RouterDrill()) {
            router(state, drill);
        }
    }

    private void router(Path state, RouterDrill drill) throws IOException, InterruptedException {
        Files.createDirectories(installation.archives());
        List<HostPort> ports = freePorts(2);
        Path routes = state.resolve("routes.json");
        Files.writeString(
                routes,
                """
                {"apps":[{"name":"a","hosts":["%s"],
                          "dynos":[{"name":"web.1","address":"%s"}]}]}
                """
                        .formatted(RouterDrill.HOST, drill.dyno()));
        Path archive = state.resolve(RouterJvm.ARCHIVE);
        List<String> command =
                new ArrayList<>(
                        RouterJvm.recording(
                                Path.of(System.getProperty("java.home")),
                                archive,
                                installation.routerJars(),
                                state));
        command.addAll(List.of("--routes", routes.toString()));
        command.addAll(List.of("--http", ports.get(0).toString()));
        command.addAll(List.of("--https", ports.get(1).toString()));
        command.addAll(List.of("--log", state.resolve("log").toString()));
        Path output = state.resolve("output");
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        try {
            process.getOutputStream().close();
            get(ports.getFirst(), "/", "");
            if (drill.drive(ports.get(0), ports.get(1), DRILL) < FEWEST_ANSWERS) {
                throw new IOException(
                        "too few answers: "
                                + Files.readString(output, StandardCharsets.ISO_8859_1));
            }
            process.destroy();
            if (!process.waitFor(ARCHIVE_LIMIT.toSeconds(), TimeUnit.SECONDS)
                    || !Files.exists(archive)) {
                throw new IOException(
                        "java wrote no archive of the router: "
                                + Files.readString(output, StandardCharsets.ISO_8859_1));
            }
        } finally {
            process.destroyForcibly();
        }
        Path kept = installation.archives().resolve(RouterJvm.ARCHIVE);
        Path unfinished = kept.resolveSibling(RouterJvm.ARCHIVE + ".new");
        Files.copy(archive, unfinished, StandardCopyOption.REPLACE_EXISTING);
        Files.move(unfinished, kept, StandardCopyOption.ATOMIC_MOVE);
    }

    /// One answer, whatever it says, as soon as there is one.
    private static void get(HostPort server, String path, String key)
            throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create("http://" + server + path))
                        .header("Authorization", "Bearer " + key)
                        .header("Accept", "application/vnd.heroku+json; version=3")
                        .timeout(ANSWER_LIMIT)
                        .build();
        long deadline = System.nanoTime() + ANSWER_LIMIT.toNanos();
        try (HttpClient client = HttpClient.newHttpClient()) {
            while (true) {
                try {
                    HttpResponse<Void> _ =
                            client.send(request, HttpResponse.BodyHandlers.discarding());
                    return;
                } catch (IOException e) {
                    if (System.nanoTime() - deadline > 0) {
                        throw e;
                    }
                    Thread.sleep(LOOK_AGAIN);
                }
            }
        }
    }

    private static List<HostPort> freePorts(int count) throws IOException {
        List<ServerSocket> held = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                held.add(new ServerSocket(0, 1, InetAddress.ofLiteral(LOOPBACK)));
            }
            return held.stream()
                    .map(socket -> new HostPort(LOOPBACK, socket.getLocalPort()))
                    .toList();
        } finally {
            for (ServerSocket socket : held) {
                socket.close();
            }
        }
    }
}
