package dev.paddock.engine.local;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;

import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoSpec;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Starts what a dyno is by other means, without engine and conmon, to compare with: the same container by the `run`
/// of a runtime, the same program by docker.
final class BareContainers implements AutoCloseable {
    private static final String NAME = "bare";
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int PROBE_MILLIS = 500;
    private static final String IMAGE = "paddock-bench";
    private static final int DOCKER_PORT = 18_231;

    /// What the first container gets in docker's own network.
    private static final String DOCKER_FIRST = "172.17.0.2";

    private final DynoAddress address;
    private final DynoFiles files;
    private final Cgroup cgroup;
    private final List<String> wrapper;

    /// @param lender a web dyno that was created and does not begin; its network and user are used
    BareContainers(Platform platform, DynoSpec lender) throws IOException {
        await().atMost(LIMIT).until(() -> platform.life(lender).processes().isPresent());
        address = platform.seen(lender).address().orElseThrow();
        cgroup = platform.cgroup(NAME);
        DynoFiles from = platform.files(lender);
        files =
                new DynoFiles(
                        from.runtime(),
                        from.data(),
                        from.id(),
                        from.bundle().resolveSibling(NAME),
                        from.disk().resolveSibling(NAME));
        files.create();
        int user = platform.life(lender).place().orElseThrow().user();
        Directory.give(Directory.create(files.upper(), "rwxr-xr-x"), user);
        Directory.createPrivate(files.work());
        Files.copy(from.hosts(), files.hosts());
        Files.writeString(
                files.config(),
                Files.readString(from.config()).replace(lender.id().toString(), NAME));
        Path mounts = platform.runtime.resolve("mounts/ns");
        wrapper = Files.exists(mounts) ? List.of("nsenter", "--mount=" + mounts) : List.of();
    }

    /// One start by `crun run` or `runc run`.
    BootFigures.Boot boot(String runtime) throws IOException, InterruptedException {
        long request = System.nanoTime();
        Process run = start(words(runtime, "run", "-b", files.bundle().toString(), NAME));
        try {
            return known(run, address, request);
        } finally {
            start(words(runtime, "delete", "-f", NAME)).waitFor();
            run.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private List<String> words(String runtime, String... arguments) {
        List<String> words = new ArrayList<>(wrapper);
        words.addAll(List.of(runtime, "--root", files.bundle().resolve(runtime).toString()));
        words.addAll(List.of(arguments));
        return words;
    }

    private static BootFigures.Boot known(Process run, DynoAddress address, long request)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() < deadline) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(address.ip(), address.port()), PROBE_MILLIS);
                long known = System.nanoTime();
                return BootFigures.ask(address, request, known);
            } catch (IOException e) {
                if (!run.isAlive() && run.exitValue() != 0) {
                    break;
                }
                Thread.sleep(1);
            }
        }
        throw new IOException(
                "did not start: " + new String(run.getInputStream().readAllBytes(), US_ASCII));
    }

    /// Whether a docker daemon answers, and has got the program.
    static boolean docker(Path server) throws IOException, InterruptedException {
        String pack =
                "docker info >/dev/null 2>&1 && tar -c -C \"$1\" server | docker import - " + IMAGE;
        return start(List.of("sh", "-c", pack, "sh", server.toString())).waitFor() == 0;
    }

    /// One start by `docker run`.
    ///
    /// @param network one of its networks: `host`, or `bridge` for one of the container's own
    static BootFigures.Boot bootByDocker(String network) throws IOException, InterruptedException {
        long request = System.nanoTime();
        Process run =
                start(
                        List.of(
                                "docker",
                                "run",
                                "--rm",
                                "--detach",
                                "--network=" + network,
                                "--name=" + IMAGE,
                                "--env=PORT=" + DOCKER_PORT,
                                IMAGE,
                                "/server"));
        try {
            String host = network.equals("host") ? "127.0.0.1" : DOCKER_FIRST;
            return known(run, new DynoAddress(host, DOCKER_PORT), request);
        } finally {
            start(List.of("docker", "rm", "--force", IMAGE)).waitFor();
        }
    }

    private static Process start(List<String> words) throws IOException {
        return new ProcessBuilder(words).redirectErrorStream(true).start();
    }

    @Override
    public void close() {
        cgroup.kill();
        cgroup.remove();
        Directory.remove(files.bundle(), files.disk());
    }
}
