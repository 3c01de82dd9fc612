package dev.paddock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuntimeDirectoryTest {
    @TempDir Path folder;

    @Test
    void isNamedByTheHashOfTheRealPath() throws Exception {
        Path data = Files.createDirectories(folder.resolve("data"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), data);
        String whole =
                HexFormat.of()
                        .formatHex(
                                MessageDigest.getInstance("SHA-256")
                                        .digest(
                                                data.toRealPath()
                                                        .toString()
                                                        .getBytes(StandardCharsets.UTF_8)));

        RuntimeDirectory runtime = RuntimeDirectory.in(folder, data);

        assertThat(runtime.hash()).isEqualTo(whole.substring(0, 12));
        assertThat(runtime.path()).isEqualTo(folder.resolve(runtime.hash()));
        assertThat(RuntimeDirectory.in(folder, link)).isEqualTo(runtime);
    }

    @Test
    void othersMayPassThroughButNotLook() throws IOException {
        Path root = folder.resolve("run/paddock");
        RuntimeDirectory runtime = RuntimeDirectory.in(root, folder);

        runtime.create();
        runtime.create();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root)))
                .isEqualTo("rwx--x--x");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(runtime.path())))
                .isEqualTo("rwx--x--x");
    }

    @Test
    void directoryOfAnotherUserIsRefused() throws IOException {
        Assumptions.assumeTrue(Superuser.here(), "needs root to give a directory away");
        Path root = Files.createDirectories(folder.resolve("tmp/paddock-1"));
        Files.setAttribute(root, "unix:uid", 12_345);

        assertThatThrownBy(() -> RuntimeDirectory.in(root, folder).create())
                .isInstanceOf(UserError.class)
                .hasMessageContaining("belongs to user number 12345");
    }

    @Test
    void linkInItsPlaceIsRefused() throws IOException {
        Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
        Path root = Files.createSymbolicLink(folder.resolve("root"), elsewhere);

        assertThatThrownBy(() -> RuntimeDirectory.in(root, folder).create())
                .isInstanceOf(UserError.class);
    }
}
