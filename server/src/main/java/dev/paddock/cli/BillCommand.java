package dev.paddock.cli;

import dev.paddock.core.UserError;
import dev.paddock.server.OperatorFile;
import dev.paddock.server.Status;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `paddock bill APP`: what an app used and costs, asked of the running platform.
@Command(
        name = "bill",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Prints what an app used and costs in a month (of UTC), line by line.",
            "An app that is gone is found by its last name or its id."
        })
final class BillCommand implements Callable<Integer> {
    private static final Pattern MONTH = Pattern.compile("[0-9]{4}-(0[1-9]|1[0-2])");
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Mixin DataOption data = new DataOption();

    @Parameters(paramLabel = "APP", description = "Name or id of the app.")
    String app = "";

    @Option(
            names = "--month",
            paramLabel = "YYYY-MM",
            description = "Which month. Default: this one, so far.")
    @Nullable String month;

    @Option(
            names = "--explain",
            description = "Also every stretch of every dyno, and how the sums come about.")
    boolean explain;

    @Option(names = "--json", description = "For programs.")
    boolean json;

    @Override
    public Integer call() {
        if (month != null && !MONTH.matcher(month).matches()) {
            throw UserError.invalid("--month %s is no month: give it as 2026-03.".formatted(month));
        }
        Path path = data.path();
        if (Status.of(path).platform().isEmpty()) {
            throw new UserError(
                    "unavailable",
                    "No platform runs on %s, and only a running one can tell what is in its database. Start it with `paddock up --data %s`."
                            .formatted(path, path));
        }
        System.out.print(ask(OperatorFile.read(path)));
        return Main.DONE;
    }

    private String ask(OperatorFile operator) {
        URI uri =
                URI.create(
                        "http://localhost:%d/paddock/apps/%s/bill?explain=%s%s%s"
                                .formatted(
                                        operator.apiPort(),
                                        encoded(app),
                                        explain,
                                        month == null ? "" : "&month=" + month,
                                        json ? "" : "&format=text"));
        HttpRequest request =
                HttpRequest.newBuilder(uri)
                        .header("Authorization", "Bearer " + operator.key())
                        .timeout(LIMIT)
                        .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer =
                    client.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw refused(answer.body());
            }
            return json ? answer.body() + "\n" : answer.body();
        } catch (IOException e) {
            throw new UserError(
                    "unavailable", "The platform did not answer at %s: %s.".formatted(uri, e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("unavailable", "Interrupted while asking the platform.");
        }
    }

    private UserError refused(String body) {
        try {
            JsonNode error = JsonMapper.shared().readTree(body);
            if (error.path("resource").asString("").equals("app")) {
                return new UserError(
                        "not_found",
                        "There is no app %s, and none of that name or id ever ran here; see `heroku apps`."
                                .formatted(app));
            }
            return new UserError(
                    error.path("id").asString("unavailable"), error.path("message").asString(body));
        } catch (JacksonException e) {
            return new UserError("unavailable", "The platform answered: " + body);
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
