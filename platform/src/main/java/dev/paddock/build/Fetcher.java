package dev.paddock.build;

import dev.paddock.core.UserError;
import dev.paddock.outbound.OutboundHttp;
import dev.paddock.outbound.OutboundTargets;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/// Fetches sources and buildpacks from where users say they are, as checked tars. Safe for any thread.
final class Fetcher {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final int OK = 200;
    private static final int GZIP_FIRST = 0x1f;
    private static final int GZIP_SECOND = 0x8b;

    private final OutboundHttp http;

    Fetcher(OutboundTargets targets) {
        this.http = new OutboundHttp(targets, PATIENCE);
    }

    /// Writes the tar of a buildpack that is not ours to `target`. Ends with [BuildFailed] when it cannot be had.
    void buildpack(Buildpack buildpack, Path work, Path target, long limit) throws IOException {
        String what = "the buildpack " + buildpack.shown();
        if (buildpack.isArchive()) {
            try (InputStream archive = open(buildpack.url(), what, limit)) {
                unzip(archive, what, target, limit);
            }
            return;
        }
        try (GitCheckout git = GitCheckout.fetch(buildpack, work, new Budget(limit, LIMIT), http);
                InputStream tar = git.tar();
                OutputStream out = Files.newOutputStream(target)) {
            new CheckedTar(tar, what, limit).transferTo(out);
        }
    }

    /// The bytes at a URL, at most `limit` of them.
    InputStream open(URI url, String what, long limit) throws IOException {
        OutboundHttp.Answer answer;
        try {
            answer = http.get(url);
        } catch (UserError e) {
            throw new BuildFailed(what + " cannot be fetched: " + e.message());
        } catch (IOException e) {
            throw new BuildFailed(what + " cannot be fetched: " + reason(e));
        }
        if (answer.status() != OK) {
            answer.close();
            throw new BuildFailed(
                    what + " cannot be fetched: its server answers " + answer.status());
        }
        return new Budget(limit, LIMIT).limit(answer);
    }

    /// Writes the tar inside an archive, which may be gzipped, to `target`.
    static void unzip(InputStream archive, String what, Path target, long limit)
            throws IOException {
        try (OutputStream out = Files.newOutputStream(target)) {
            BufferedInputStream bytes = new BufferedInputStream(archive);
            bytes.mark(2);
            boolean zipped = bytes.read() == GZIP_FIRST && bytes.read() == GZIP_SECOND;
            bytes.reset();
            InputStream tar = zipped ? new GZIPInputStream(bytes) : bytes;
            new CheckedTar(tar, what, limit).transferTo(out);
        } catch (ZipException | java.io.EOFException e) {
            throw new BuildFailed(what + " is no gzip archive, or a broken one");
        }
    }

    private static String reason(IOException e) {
        return e instanceof java.net.UnknownHostException
                ? "there is no host " + e.getMessage()
                : String.valueOf(e.getMessage());
    }
}
