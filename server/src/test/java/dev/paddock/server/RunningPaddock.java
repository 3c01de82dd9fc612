package dev.paddock.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/// A platform that a test starts with the real launcher, on ports of its own.
final class RunningPaddock {
    static final Path CHECKOUT =
            Path.of(System.getProperty("basedir", "."), "..").toAbsolutePath().normalize();

    private static final Duration READY_LIMIT = Duration.ofMinutes(3);
    private static final Duration END_LIMIT = Duration.ofMinutes(3);
    private static final int TIMEOUT_MILLIS = 35_000;

    /// Each port is chosen once, so that one platform does not get the same one twice.
    private static final Set<Integer> CHOSEN = ConcurrentHashMap.newKeySet();

    private final Path launcher;
    private final Path data;
    private final Path output;
    private final List<String> flags = new ArrayList<>();
    private final Map<String, String> always;
    private final int api;
    private final int http;
    private Process process;

    /// @param flags of each of its starts
    RunningPaddock(Path folder, String... flags) throws IOException, InterruptedException {
        this(folder, Path.of(launcher()), Map.of(), flags);
    }

    /// @param launcher of this checkout, or what calls one
    RunningPaddock(Path folder, Path launcher) throws IOException, InterruptedException {
        this(folder, launcher, Map.of());
    }

    /// @param always the environment of each of its starts
    RunningPaddock(Path folder, Map<String, String> always)
            throws IOException, InterruptedException {
        this(folder, Path.of(launcher()), always);
    }

    private RunningPaddock(Path folder, Path launcher, Map<String, String> always, String... flags)
            throws IOException, InterruptedException {
        this.launcher = launcher;
        this.always = Map.copyOf(always);
        data = folder.resolve("data");
        output = folder.resolve("output");
        api = freePort();
        http = freePort();
        this.flags.addAll(List.of("--api", "127.0.0.1:" + api));
        this.flags.addAll(List.of("--rendezvous", "127.0.0.1:" + freePort()));
        this.flags.addAll(List.of("--http", "127.0.0.1:" + http));
        this.flags.addAll(List.of("--https", "127.0.0.1:" + freePort()));
        this.flags.addAll(List.of(flags));
        process = launch(Map.of());
    }

    /// Below the ephemeral ports, so that no outgoing connection takes one between its choice and its use.
    private static int freePort() throws IOException {
        while (true) {
            int port = 20_000 + java.util.concurrent.ThreadLocalRandom.current().nextInt(12_000);
            if (!CHOSEN.add(port)) {
                continue;
            }
            try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return probe.getLocalPort();
            } catch (IOException taken) {
                // The next one.
            }
        }
    }

    private Process launch(Map<String, String> environment, String... flags) throws IOException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                launcher.toString(),
                                "up",
                                "--no-install",
                                "--data",
                                data.toString()));
        command.addAll(this.flags);
        command.addAll(List.of(flags));
        Files.deleteIfExists(output);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(always);
        builder.environment().putAll(environment);
        return builder.redirectInput(Path.of("/dev/null").toFile())
                .redirectError(
                        ProcessBuilder.Redirect.appendTo(
                                output.resolveSibling("messages").toFile()))
                .redirectOutput(output.toFile())
                .start();
    }

    static String launcher() {
        return CHECKOUT.resolve("paddock").toString();
    }

    Path data() {
        return data;
    }

    int httpPort() {
        return http;
    }

    long pid() {
        return process.pid();
    }

    void startAgain() throws IOException {
        startAgain(Map.of());
    }

    void startAgain(Map<String, String> environment) throws IOException {
        process = launch(environment);
    }

    /// Starts another one in its place, as after an upgrade; returns the process of the former one.
    Process replace() throws IOException {
        Process former = process;
        process = launch(Map.of(), "--replace");
        return former;
    }

    /// Whether what was started last ended with this message.
    boolean refused(String message) throws IOException, InterruptedException {
        return awaitEnd() == 1
                && Files.readString(output.resolveSibling("messages")).contains(message);
    }

    /// Waits for the ready line and returns it.
    String awaitReady() throws IOException {
        Awaitility.await("the ready line; messages: " + output.resolveSibling("messages"))
                .atMost(READY_LIMIT)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> !process.isAlive() || Files.readString(output).contains("\n"));
        if (!process.isAlive()) {
            throw new IllegalStateException(
                    "the platform ended: " + Files.readString(output.resolveSibling("messages")));
        }
        return Files.readString(output).strip();
    }

    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    int awaitEnd() throws InterruptedException {
        if (!process.waitFor(END_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            throw new IllegalStateException("the platform does not end");
        }
        return process.exitValue();
    }

    String call(String method, String path, String body) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create("http://localhost:" + api + path))
                        .header("Accept", "application/vnd.heroku+json; version=3")
                        .header("Content-Type", "application/json")
                        .header("Authorization", "Bearer " + OperatorFile.read(data).key())
                        .timeout(Duration.ofMillis(TIMEOUT_MILLIS))
                        .method(
                                method,
                                body.isEmpty()
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofString(body))
                        .build();
        try (HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            HttpResponse<String> answer =
                    client.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() >= 300) {
                throw new IllegalStateException(
                        method + " " + path + ": " + answer.statusCode() + " " + answer.body());
            }
            return answer.body();
        }
    }

    /// The whole answer of an app, through the router.
    String get(String app) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), http)) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            String request =
                    "GET / HTTP/1.1\r\nHost: " + app + ".localhost\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /// Pushes an example as a user would, with the environment that `paddock env` prints, and returns git's output.
    String push(Path work, String example, String app) throws IOException, InterruptedException {
        String script =
                """
                cp -r "$EXAMPLE" "$WORK" && cd "$WORK"
                git init -q -b main && git add -A
                git -c user.name=t -c user.email=t@localhost commit -q -m first
                git_with_key push "$URL" main 2>&1
                """;
        return git(script, work, app, CHECKOUT.resolve("examples").resolve(example).toString());
    }

    /// Pushes a change to what [#push] pushed.
    String pushAgain(Path work, String app, String change)
            throws IOException, InterruptedException {
        String script =
                """
                cd "$WORK" && echo "$EXAMPLE" >change && git add -A
                git -c user.name=t -c user.email=t@localhost commit -q -m "$EXAMPLE"
                git_with_key push "$URL" main 2>&1
                """;
        return git(script, work, app, change);
    }

    /// Clones an app's repository and returns its history.
    String clone(Path work, String app) throws IOException, InterruptedException {
        String script =
                """
                git_with_key clone -q "$URL" "$WORK"
                git -C "$WORK" log --format=%s
                """;
        return git(script, work, app, "");
    }

    private String git(String script, Path work, String app, String example)
            throws IOException, InterruptedException {
        String preparation =
                """
                set -e
                eval "$("$LAUNCHER" env --data "$DATA")"
                git_with_key() {
                    git -c credential.helper= \
                        -c credential.helper='!f() { echo username=heroku; echo "password=$HEROKU_API_KEY"; }; f' "$@"
                }
                """;
        return shell(
                preparation + script,
                Map.of(
                        "EXAMPLE", example,
                        "URL", "https://localhost:%d/%s.git".formatted(api, app),
                        "WORK", work.toString(),
                        "LAUNCHER", launcher.toString(),
                        "DATA", data.toString(),
                        "GIT_CONFIG_GLOBAL", "/dev/null",
                        "GIT_TERMINAL_PROMPT", "0"));
    }

    static String shell(String script, Map<String, String> environment)
            throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder("sh", "-c", script)
                        .redirectErrorStream(true)
                        .redirectInput(Path.of("/dev/null").toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException("status " + process.exitValue() + ": " + output);
        }
        return output;
    }
}
