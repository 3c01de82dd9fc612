package dev.paddock.api;

import dev.paddock.build.SlugStore;
import dev.paddock.build.Sources;
import dev.paddock.core.AppId;
import dev.paddock.core.Slug;
import dev.paddock.core.UserError;
import dev.paddock.logs.CommandOutputs;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What is reached by a secret URL instead of with a key: outputs, slugs and sources. Safe for any thread.
final class SecretRoutes {
    static final String SOURCE_PATH = "/source-blobs/{source}";
    static final String OUTPUT_PATH = "/streams/{app}/{output}";

    /// A release command that was just told of begins to print soon.
    private static final Duration BEGIN_LIMIT = Duration.ofSeconds(5);

    private static final Duration LOOK = Duration.ofMillis(50);
    private static final Logger LOG = LoggerFactory.getLogger(SecretRoutes.class);

    private final SecretUrls urls;
    private final CommandOutputs outputs;
    private final SlugStore slugs;
    private final Sources sources;
    private final BooleanSupplier stopping;

    SecretRoutes(
            SecretUrls urls,
            CommandOutputs outputs,
            SlugStore slugs,
            Sources sources,
            BooleanSupplier stopping) {
        this.urls = urls;
        this.outputs = outputs;
        this.slugs = slugs;
        this.sources = sources;
        this.stopping = stopping;
    }

    /// Plain text that ends when the build or the release command does.
    void sendOutput(Context http) throws IOException, InterruptedException {
        require(http);
        AppId app = AppId.parse(http.pathParam("app"));
        UUID id = UUID.fromString(http.pathParam("output"));
        long endBy = System.nanoTime() + BEGIN_LIMIT.toNanos();
        while (!outputs.has(app, id)) {
            if (System.nanoTime() - endBy > 0) {
                throw UserError.notFound("output");
            }
            Thread.sleep(LOOK);
        }
        http.contentType("text/plain; charset=utf-8");
        http.header("Cache-Control", "no-store");
        http.header("X-Content-Type-Options", "nosniff");
        try {
            outputs.send(app, id, http.res().getOutputStream(), stopping);
        } catch (IOException e) {
            LOG.debug("the reader of an output went away: {}", e.toString());
        }
    }

    void sendSlug(Context http) throws IOException {
        require(http);
        Path file =
                slugs.find(UUID.fromString(http.pathParam("slug")))
                        .map(slug -> slugs.ref(slug).file())
                        .filter(Files::exists)
                        .orElseThrow(() -> UserError.notFound("slug"));
        send(http, file);
    }

    void uploadSlug(Context http) throws IOException {
        require(http);
        Slug slug =
                slugs.find(UUID.fromString(http.pathParam("slug")))
                        .orElseThrow(() -> UserError.notFound("slug"));
        try (InputStream body = http.req().getInputStream()) {
            slugs.upload(slug, body);
        }
        http.status(200);
    }

    void uploadSource(Context http) throws IOException {
        require(http);
        try (InputStream body = http.req().getInputStream()) {
            sources.store(UUID.fromString(http.pathParam("source")), body);
        }
        http.status(200);
    }

    void sendSource(Context http) throws IOException {
        require(http);
        send(
                http,
                sources.find(UUID.fromString(http.pathParam("source")))
                        .orElseThrow(() -> UserError.notFound("source")));
    }

    private static void send(Context http, Path file) throws IOException {
        http.contentType("application/gzip");
        http.header("Content-Length", String.valueOf(Files.size(file)));
        Files.copy(file, http.res().getOutputStream());
    }

    private void require(Context http) {
        boolean accepted =
                urls.accept(
                        http.method().name(),
                        http.path(),
                        Optional.ofNullable(http.queryParam("expires")),
                        Optional.ofNullable(http.queryParam("signature")));
        if (!accepted) {
            throw new UserError(
                    "not_found", "This URL has expired or never existed; ask for a new one.");
        }
    }
}
