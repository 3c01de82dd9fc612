package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.dyno.DynoSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What keeps apps apart beyond what one dyno can see from inside; that is [IsolationProbeTest]'s.
class IsolationTest {
    private static Platform platform;

    @BeforeAll
    static void open() throws IOException {
        platform = new Platform();
    }

    @AfterAll
    static void close() {
        if (platform != null) {
            platform.close();
        }
    }

    @Test
    void appsHaveDifferentUsers() {
        assertThat(platform.run(platform.bash("id -u")))
                .isNotEqualTo(platform.run(platform.bash("id -u")));
    }

    @Test
    void nothingOfThePlatformIsInherited() {
        String seen =
                platform.run(
                        platform.bash(
                                "env; ls /proc/self/fd | tr '\\n' ' '; echo; for f in /proc/self/fd/*; do readlink $f; done;"
                                        + " cat /proc/mounts"));

        assertThat(seen)
                .contains("GREETING=hello")
                .doesNotContain(
                        "JAVA", "MAVEN", "SURE", platform.data.toString().substring(1) + "/slugs");
        assertThat(seen).doesNotContain("socket:");
        assertThat(seen).contains("0 1 2 3 ");
    }

    @Test
    void secretsOnDiskAreForRootAlone() throws IOException {
        DynoSpec spec = platform.startUp(platform.bash("sleep 1000"));
        DynoFiles files =
                DynoFiles.of(
                        LocalSettings.of(
                                platform.runtime, platform.data, platform.hash, platform.timers),
                        spec.id());

        for (Path file : List.of(files.spec(), files.config())) {
            assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
        }
        assertThat(Command.run("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").output())
                .doesNotContain("GREETING=hello");
    }
}
