package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Mount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Dynos of an ordinary user who has nothing to isolate them with.
class PlainContract extends UserContract {
    private static Platform platform;

    @BeforeAll
    static void open() throws IOException {
        platform = Platform.ofThisUser();
        again();
    }

    private static void again() throws IOException {
        platform.reopen(platform.hiding("bwrap"), Conmon.PATIENCE);
    }

    @AfterAll
    static void close() {
        if (platform != null) {
            platform.close();
        }
    }

    @Override
    protected Platform platform() {
        return platform;
    }

    @Override
    protected void reopen() throws IOException {
        again();
    }

    @Test
    void theStartSaysLoudlyThatNothingIsIsolated() {
        assertThat(platform.engine.isolation()).isEqualTo(Isolation.NONE);
        assertThat(platform.engine.weaknesses())
                .singleElement()
                .asString()
                .startsWith("NOT ISOLATED")
                .contains("apt-get install bubblewrap");
    }

    @Test
    void dataDirectoryWhosePathAShellWouldSplitIsRefused() throws IOException {
        Path data = Files.createTempDirectory("my data");
        LocalSettings settings =
                LocalSettings.of(platform.runtime, data, platform.hash, platform.timers);
        LocalMachine machine = LocalMachine.read(platform.hiding("bwrap"), Map.of());

        assertThatThrownBy(() -> new LocalEngine(settings, machine, Conmon.PATIENCE))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("install bubblewrap");
        Files.delete(data);
    }

    @Test
    void appIsWhereItsCommandAndItsScriptsLookForIt() throws IOException {
        DynoSpec spec =
                platform.slugged(
                        platform.bash("cat /app/file $HOME/file; echo $PLACE; cat .hidden/place"),
                        AppId.random(),
                        platform.slug(
                                Map.of(
                                        "file", "content\n",
                                        ".profile.d/place.sh", "export PLACE=/app/lib:/usr/app",
                                        ".hidden/place", "=/app/x")));

        String home = platform.files(spec).upper().toString();

        assertThat(platform.run(spec))
                .isEqualTo("content\ncontent\n" + home + "/lib:/usr/app\n=" + home + "/x");
    }

    @Test
    void buildFindsItsMountsAndChangesOnlyWhatItMay() throws IOException {
        Path tools = Files.createDirectory(platform.data.resolve("tools"));
        Files.writeString(tools.resolve("file"), "content\n");
        Path cache = Files.createDirectory(platform.data.resolve("cache"));

        String seen =
                platform.run(
                        platform.build(
                                "cat /paddock/tools/file; echo new >/paddock/tools/file; echo kept >/paddock/cache/new",
                                new Mount(tools, "/paddock/tools", false),
                                new Mount(cache, "/paddock/cache", true)));

        assertThat(seen).isEqualTo("content");
        assertThat(tools.resolve("file")).hasContent("content");
        assertThat(cache.resolve("new")).hasContent("kept");
    }
}
