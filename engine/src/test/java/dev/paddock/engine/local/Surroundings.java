package dev.paddock.engine.local;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/// What lies around dynos in tests: services on this machine, and a machine beyond it (a network namespace) that also
/// answers at a link-local address, as the metadata services of clouds do.
final class Surroundings implements AutoCloseable {
    /// Of the addresses kept for examples (RFC 5737); others may run this test at the same time.
    private static final int NETWORK = ThreadLocalRandom.current().nextInt(64) * 4;

    final String here = "203.0.113." + (NETWORK + 1);
    final String outside = "203.0.113." + (NETWORK + 2);
    final String metadata = "169.254.77." + (NETWORK + 2);
    private final String namespace;
    private final List<Process> listeners = new ArrayList<>();

    Surroundings(String hash) {
        namespace = "outside-" + hash;
        String link = "po" + hash.substring(0, 8);
        ip(
                List.of(),
                """
                netns add %1$s
                link add %2$s type veth peer name eth0 netns %1$s
                addr add %3$s/30 dev %2$s
                link set %2$s up
                """
                        .formatted(namespace, link, here));
        ip(
                List.of("-n", namespace),
                """
                addr add %1$s/30 dev eth0
                addr add %2$s/32 dev eth0
                link set lo up
                link set eth0 up
                route add default via %3$s
                """
                        .formatted(outside, metadata, here));
        ip(List.of(), "route add %s/32 via %s\n".formatted(metadata, outside));
    }

    private static void ip(List<String> where, String batch) {
        List<String> words = new ArrayList<>(List.of("ip"));
        words.addAll(where);
        words.addAll(List.of("-batch", "-"));
        Command.Result result = Command.run(words, batch);
        if (!result.ok()) {
            throw new IllegalStateException("ip: " + result.output());
        }
    }

    /// A service on this machine at a port of its own choice, which it returns.
    int serveHere(String address) {
        return serve(List.of(), address, 0);
    }

    int serveOutside(int port) {
        return serve(List.of("ip", "netns", "exec", namespace), "0.0.0.0", port);
    }

    private int serve(List<String> where, String address, int port) {
        List<String> words = new ArrayList<>(where);
        words.addAll(
                List.of("python3", "-c", resource("listener.py"), address, String.valueOf(port)));
        try {
            Process listener = new ProcessBuilder(words).start();
            listeners.add(listener);
            // Closed with the process.
            BufferedReader said = listener.inputReader();
            return Integer.parseInt(String.valueOf(said.readLine()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Whether a dyno can be reached from outside, by one who knows the way.
    boolean reaches(String address, int port) {
        return Command.run(
                        "ip",
                        "netns",
                        "exec",
                        namespace,
                        "timeout",
                        "1",
                        "bash",
                        "-c",
                        "exec 3<>/dev/tcp/" + address + "/" + port)
                .ok();
    }

    /// A program that begins more connections to the outside than one dyno may have.
    String flood() {
        return """
        import socket
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for port in range(1, 5_000):
            try:
                udp.sendto(b"", ("%s", port))
            except OSError:
                pass
        """
                .formatted(outside);
    }

    static String resource(String name) {
        try (InputStream stream = Surroundings.class.getResourceAsStream(name)) {
            if (stream == null) {
                throw new IllegalStateException(name + " is missing from the tests");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        listeners.forEach(Process::destroyForcibly);
        // The link and the route go with it.
        Command.run("ip", "link", "del", "po" + namespace.substring(8, 16));
        Command.run("ip", "netns", "del", namespace);
    }
}
