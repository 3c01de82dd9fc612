package dev.paddock.build;

import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.Slug;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.Engine;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.function.Consumer;

/// Turns a source tree into a slug by running buildpacks in a build dyno. The tree and the slug pass through as
/// opaque bytes. Safe for any thread.
public final class Builder {
    public Builder(Engine engine, SlugStore slugs, Path work, Path caches) {
        throw new UnsupportedOperationException();
    }

    /// Builds; lines for the user go to `output` as they come (without line ends). Takes up to 15 minutes.
    public BuildResult build(Source source, Consumer<String> output) throws InterruptedException {
        throw new UnsupportedOperationException();
    }

    /// The engine's events; those of dynos that are no builds are ignored.
    public void accept(DynoEvent event) {
        throw new UnsupportedOperationException();
    }

    /// Retires build dynos that an earlier platform process left and removes their files. Called once at start.
    public void clean() {
        throw new UnsupportedOperationException();
    }

    /// Deletes the build cache of an app.
    public void removeCache(AppId app) {
        throw new UnsupportedOperationException();
    }

    /// What is to be built.
    ///
    /// @param tar an uncompressed tar of the tree; hostile, never unpacked outside the build dyno
    public record Source(
            AppId app,
            String stack,
            ConfigVars config,
            InputStream tar,
            String commit,
            String commitDescription) {}

    /// What came of a build.
    public sealed interface BuildResult {
        record Built(Slug slug) implements BuildResult {}

        /// `reason` is one line for the user; the details went to the output.
        record Failed(String reason) implements BuildResult {}
    }
}
