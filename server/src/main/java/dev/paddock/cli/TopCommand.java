package dev.paddock.cli;

import dev.paddock.core.UserError;
import dev.paddock.server.OperatorFile;
import dev.paddock.server.Status;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `paddock top`: what all apps do, live in a terminal, once anywhere else.
@Command(
        name = "top",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Shows all apps and their dynos: state, processor, memory, requests, restarts of the last 24 hours.",
            "Live in a terminal, until `q` or Ctrl-C; where the output goes elsewhere, once.",
            "Exit status 1 when the platform does not run."
        })
final class TopCommand implements Callable<Integer> {
    private static final Duration PAUSE = Duration.ofSeconds(2);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);
    private static final int PRINTED_WIDTH = 120;

    @Mixin DataOption data = new DataOption();

    @Override
    public Integer call() throws InterruptedException {
        Path path = data.path();
        requirePlatform(path);
        OperatorFile operator = OperatorFile.read(path);
        try (HttpClient client = HttpClient.newHttpClient()) {
            Source source = () -> figures(client, operator, path);
            if (Terminal.isHere()) {
                show(source);
            } else {
                print(source, System.out);
            }
        }
        return Main.DONE;
    }

    private static void requirePlatform(Path path) {
        if (Status.of(path).platform().isEmpty()) {
            throw new UserError(
                    "unavailable",
                    "No platform runs on %s. Start it with `paddock up --data %s`."
                            .formatted(path, path));
        }
    }

    private static Figures figures(HttpClient client, OperatorFile operator, Path path)
            throws InterruptedException {
        URI address = URI.create("http://localhost:" + operator.apiPort() + "/operator/activity");
        HttpRequest request =
                HttpRequest.newBuilder(address)
                        .header("Accept", "application/vnd.heroku+json; version=3")
                        .header("Authorization", "Bearer " + operator.key())
                        .timeout(ANSWER_LIMIT)
                        .build();
        try {
            HttpResponse<String> answer =
                    client.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new UserError(
                        "unavailable", "The platform refuses to tell: " + answer.body());
            }
            return Figures.parse(answer.body());
        } catch (IOException e) {
            requirePlatform(path);
            throw new UserError("unavailable", "The platform does not answer: " + e);
        }
    }

    /// Processor time is used over time, so it takes two looks.
    private static void print(Source source, PrintStream out) throws InterruptedException {
        Figures first = source.figures();
        Thread.sleep(FIRST_PAUSE);
        Figures second = source.figures();
        TopScreen.lines(second, second.cpuSince(first), PRINTED_WIDTH, Integer.MAX_VALUE)
                .forEach(out::println);
    }

    private static void show(Source source) throws InterruptedException {
        Figures before = source.figures();
        Map<String, Double> cpu = Map.of();
        Duration pause = FIRST_PAUSE;
        try (Terminal terminal = Terminal.open()) {
            while (true) {
                Optional<Terminal.Size> size = terminal.size();
                if (size.isEmpty()) {
                    return;
                }
                terminal.draw(
                        TopScreen.lines(before, cpu, size.get().width(), size.get().height()));
                if (terminal.pressed('q', pause)) {
                    return;
                }
                Figures now = source.figures();
                cpu = now.cpuSince(before);
                before = now;
                pause = PAUSE;
            }
        }
    }

    /// Where figures come from.
    private interface Source {
        Figures figures() throws InterruptedException;
    }
}
