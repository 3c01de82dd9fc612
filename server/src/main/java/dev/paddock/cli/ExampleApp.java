package dev.paddock.cli;

import dev.paddock.core.UserError;
import dev.paddock.server.HostPort;
import dev.paddock.server.OperatorFile;
import dev.paddock.server.PlatformRecord;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The example that `demo` deploys, the way a user would: an app made through the API, a push with git.
final class ExampleApp {
    static final String NAME = "demo";
    private static final String EXAMPLE = "python";
    private static final long PUSH_LIMIT_MINUTES = 16;
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(75);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);
    private static final int TIMEOUT_MILLIS = 10_000;

    private final PlatformRecord platform;
    private final OperatorFile operator;

    ExampleApp(PlatformRecord platform, OperatorFile operator) {
        this.platform = platform;
        this.operator = operator;
    }

    String url() {
        String port = PlatformRecord.port(platform.http());
        return "http://" + host() + (port.equals("80") ? "" : ":" + port) + "/";
    }

    private String host() {
        return NAME + "." + platform.domain();
    }

    /// Makes the app when there is none and pushes the example into it; git's output goes to stderr.
    void push() {
        createApp();
        Path work;
        try {
            work = Files.createTempDirectory("paddock-demo-");
        } catch (IOException e) {
            throw new UserError("unavailable", "Could not make a directory for the demo: " + e);
        }
        try {
            copy(example(), work);
            git(work, "init", "--quiet", "--initial-branch=main");
            git(work, "add", "--all");
            git(work, "commit", "--quiet", "--message=Serve a page");
            git(
                    work,
                    "push",
                    "--force",
                    "https://localhost:%d/%s.git".formatted(operator.apiPort(), NAME),
                    "main");
        } finally {
            remove(work);
        }
    }

    private static Path example() {
        String home = System.getenv("PADDOCK_HOME");
        Path example = Path.of(home == null ? "" : home, "examples", EXAMPLE);
        if (!Files.isRegularFile(example.resolve("Procfile"))) {
            throw new UserError(
                    "not_found", "Found no example app in %s to deploy.".formatted(example));
        }
        return example;
    }

    private void createApp() {
        String base = "http://localhost:" + operator.apiPort();
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(base + "/apps"))
                        .header("Accept", "application/vnd.heroku+json; version=3")
                        .header("Content-Type", "application/json")
                        .header("Authorization", "Bearer " + operator.key())
                        .timeout(Duration.ofMillis(TIMEOUT_MILLIS))
                        .POST(HttpRequest.BodyPublishers.ofString("{\"name\":\"" + NAME + "\"}"))
                        .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer =
                    client.send(request, HttpResponse.BodyHandlers.ofString());
            boolean taken = answer.body().contains("already taken");
            if (answer.statusCode() >= 300 && !taken) {
                throw new UserError(
                        "unavailable",
                        "Could not make the app %s: %s".formatted(NAME, answer.body()));
            }
        } catch (IOException e) {
            throw new UserError("unavailable", "Could not reach the API at " + base + ": " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("unavailable", "Interrupted while making the app.");
        }
    }

    private void git(Path work, String... arguments) {
        List<String> command = Stream.concat(Stream.of("git"), Stream.of(arguments)).toList();
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .directory(work.toFile())
                        .redirectErrorStream(true)
                        .redirectInput(Path.of("/dev/null").toFile());
        builder.environment().putAll(gitEnvironment());
        // It would win over the setting that names our certificate.
        builder.environment().remove("GIT_SSL_CAINFO");
        try {
            Process process = builder.start();
            process.getInputStream().transferTo(System.err);
            if (!process.waitFor(PUSH_LIMIT_MINUTES, TimeUnit.MINUTES)
                    || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new UserError(
                        "unavailable",
                        "`git %s` failed; its messages are above.".formatted(arguments[0]));
            }
        } catch (IOException e) {
            throw new UserError(
                    "unavailable", "Could not run git: %s. Is it installed?".formatted(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("unavailable", "Interrupted while git works.");
        }
    }

    /// Settings and key by environment: arguments are visible to every user of the machine.
    private Map<String, String> gitEnvironment() {
        String basic =
                Base64.getEncoder()
                        .encodeToString(
                                ("heroku:" + operator.key()).getBytes(StandardCharsets.UTF_8));
        String who = "Paddock";
        return Map.ofEntries(
                Map.entry("GIT_CONFIG_COUNT", "2"),
                Map.entry("GIT_CONFIG_KEY_0", "http.sslCAInfo"),
                Map.entry("GIT_CONFIG_VALUE_0", operator.ca().toString()),
                Map.entry("GIT_CONFIG_KEY_1", "http.extraHeader"),
                Map.entry("GIT_CONFIG_VALUE_1", "Authorization: Basic " + basic),
                Map.entry("GIT_CONFIG_GLOBAL", "/dev/null"),
                Map.entry("GIT_TERMINAL_PROMPT", "0"),
                Map.entry("GIT_AUTHOR_NAME", who),
                Map.entry("GIT_AUTHOR_EMAIL", operator.email()),
                Map.entry("GIT_COMMITTER_NAME", who),
                Map.entry("GIT_COMMITTER_EMAIL", operator.email()));
    }

    /// What the app answers through the router, once it does.
    String firstAnswer() {
        long deadline = System.nanoTime() + ANSWER_LIMIT.toNanos();
        String last = "";
        while (System.nanoTime() < deadline) {
            try {
                last = get();
                if (last.contains(" 200 ")) {
                    return last.strip();
                }
                Thread.sleep(LOOK_AGAIN);
            } catch (IOException e) {
                last = e.toString();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        throw new UserError(
                "unavailable",
                "The demo did not answer at %s. The last answer was: %s"
                        .formatted(url(), last.strip()));
    }

    /// By hand, since not every machine resolves names below localhost.
    private String get() throws IOException {
        HostPort router = HostPort.parse("--http", platform.http());
        try (Socket socket = new Socket(router.host(), router.port())) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            String request = "GET / HTTP/1.1\r\nHost: " + host() + "\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static void copy(Path from, Path to) {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        } catch (IOException e) {
            throw new UserError("unavailable", "Could not copy %s: %s".formatted(from, e));
        }
    }

    private static void remove(Path work) {
        try (Stream<Path> files = Files.walk(work)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            System.err.println("paddock: could not remove " + work + ": " + e);
        }
    }
}
