package dev.paddock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.backup.ArchiveWriter;
import dev.paddock.core.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is refused, without a database. That what is accepted comes back: [BackupTest].
class RestoreTest {
    private static final String ID = "11111111-1111-1111-1111-111111111111";
    private static final String OUTLINE = "schema=1\nkey=00\ntable=apps:id\n";

    @TempDir Path folder;

    @Test
    void directoryThatHoldsAnythingIsLeftAlone() throws Exception {
        Path file = backup(BackedUp.OUTLINE, OUTLINE);
        Path data = Files.createDirectory(folder.resolve("data"));
        Files.writeString(data.resolve("mine"), "mine");

        assertThatThrownBy(() -> restore(file, data, Optional.empty()))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(data + " is not empty");

        assertThat(data).isDirectoryContaining(path -> path.endsWith("mine"));
        try (var left = Files.list(data)) {
            assertThat(left).hasSize(1);
        }
    }

    @Test
    void tornFileLeavesNothing() throws Exception {
        Path whole = backup("slugs/" + ID + ".tgz", "x".repeat(5000));
        byte[] bytes = Files.readAllBytes(whole);
        Path torn = Files.write(folder.resolve("torn"), Arrays.copyOf(bytes, bytes.length - 20));
        Path empty = Files.createDirectory(folder.resolve("empty"));

        refused(torn, folder.resolve("none"), "torn or was changed");
        refused(torn, empty, "torn or was changed");

        assertThat(empty).isEmptyDirectory();
        assertThat(folder.resolve("none")).doesNotExist();
    }

    @Test
    void fileOfSomebodyElseLeavesNothing() throws Exception {
        Path foreign = Files.writeString(folder.resolve("foreign"), "#!/bin/sh\n");

        refused(foreign, folder.resolve("data"), "is no backup of Paddock");
        refused(folder.resolve("missing"), folder.resolve("data"), "There is no backup");

        assertThat(folder.resolve("data")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../outside",
                "/etc/outside",
                "slugs/../../outside",
                "slugs/" + ID + ".tgz/x",
                "slugs/outside.tgz",
                "repositories/" + ID + ".git/config",
                "repositories/" + ID + ".git/hooks/post-receive",
                "repositories/" + ID + ".git/objects/../../../outside",
                "repositories/outside.git/HEAD",
                "outputs/" + ID,
                "audit/../outside",
                "database/rows/apps/../../../outside",
                "keys/outside",
                "lock",
                "postgres/password",
                "restoring/outside"
            })
    void nameThatNoBackupHasIsRefused(String name) throws Exception {
        refused(backup(name, "x"), folder.resolve("data"), "it holds " + name);

        assertThat(folder.resolve("data")).doesNotExist();
        assertThat(folder.resolve("outside")).doesNotExist();
    }

    @Test
    void sameNameTwiceIsRefused() throws Exception {
        Path file = folder.resolve("backup");
        try (ArchiveWriter archive = ArchiveWriter.create(file, BackedUp.BACKUP)) {
            archive.add("audit/audit.log", "one");
            archive.add("audit/audit.log", "two");
            archive.finish();
        }

        refused(file, folder.resolve("data"), "it holds audit/audit.log");
    }

    @Test
    void backupOfANewerVersionIsRefused() throws Exception {
        Path file = backup(BackedUp.OUTLINE, "schema=9999\nkey=\n");

        refused(file, folder.resolve("data"), "newer version of Paddock");

        assertThat(folder.resolve("data")).doesNotExist();
    }

    @Test
    void backupWithoutRowsIsNone() throws Exception {
        refused(backup("settings", "--domain x\n"), folder.resolve("data"), "holds no database");
        refused(
                backup(BackedUp.OUTLINE, "schema=1\ndrop table x\n"),
                folder.resolve("data"),
                "is no backup");
    }

    @Test
    void missingKeysAreNamed() throws Exception {
        Path file = backup(BackedUp.OUTLINE, OUTLINE);

        refused(
                file,
                folder.resolve("data"),
                "holds no keys, and there are none in %s.keys".formatted(file));

        assertThat(folder.resolve("data")).doesNotExist();
    }

    @Test
    void keyOfAnotherPlatformIsRefused() throws Exception {
        Path file = backup(BackedUp.OUTLINE, OUTLINE);
        Path key = Files.writeString(folder.resolve("key"), "ab".repeat(32) + "\n");

        assertThatThrownBy(() -> restore(file, folder.resolve("data"), Optional.of(key)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("not the one that sealed");

        assertThat(folder.resolve("data")).doesNotExist();
    }

    @Test
    void noPlatformStartsFromARestoreThatWasCutOff() throws Exception {
        Path data = Files.createDirectory(folder.resolve("data"));
        Files.createDirectory(data.resolve(Restore.UNFINISHED));

        try (DataDirectory held = DataDirectory.open(data)) {
            assertThatThrownBy(held::requireWhole)
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("was cut off");
        }
    }

    @Test
    void restoreThatWasCutOffIsBegunAnew() throws Exception {
        Path data = Files.createDirectory(folder.resolve("data"));
        Files.createDirectory(data.resolve(Restore.UNFINISHED));
        Files.writeString(data.resolve("half"), "half");
        Path file = backup("settings", "--domain x\n");

        // Far enough to see that it began.
        refused(file, data, "holds no database");

        assertThat(data).isEmptyDirectory();
    }

    private Path backup(String name, String content) throws IOException {
        Path file = folder.resolve("backup");
        try (ArchiveWriter archive = ArchiveWriter.create(file, BackedUp.BACKUP)) {
            archive.add(name, content);
            archive.finish();
        }
        return file;
    }

    private void refused(Path file, Path data, String message) {
        assertThatThrownBy(() -> restore(file, data, Optional.empty()))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(message);
    }

    private void restore(Path file, Path data, Optional<Path> keys) {
        new Restore(data, new Installation(folder.resolve("lib")), Optional.empty(), _ -> {})
                .from(file, keys);
    }
}
