package dev.paddock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
    @TempDir Path folder;

    @Test
    void secondPlatformOnTheSameDirectoryIsToldWhoHoldsIt() {
        Path data = folder.resolve("data");
        try (DataDirectory held = DataDirectory.open(data)) {
            assertThat(held.path()).isDirectory();

            assertThatThrownBy(() -> DataDirectory.open(data))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining(data.toString())
                    .hasMessageContaining("process " + ProcessHandle.current().pid());
        }
    }

    @Test
    void lockIsFreeAfterClosing() {
        DataDirectory.open(folder).close();
        DataDirectory.open(folder).close();
    }

    @Test
    void directoryIsForItsOwnerAlone() throws IOException {
        Path data = folder.resolve("deep/data");
        try (DataDirectory held = DataDirectory.open(data)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(held.path())))
                    .startsWith("rwx")
                    .doesNotContain("r-x", "rw-");
        }
    }

    @Test
    void fileInItsPlaceIsExplained() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));

        assertThatThrownBy(() -> DataDirectory.open(file))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("--data");
    }

    @Test
    void markOfAnEarlierBootIsNotBelieved() {
        ProcessMark self = ProcessMark.self();

        assertThat(self.alive()).isTrue();
        assertThat(new ProcessMark(self.pid(), self.startTicks(), "another-boot").alive())
                .isFalse();
        assertThat(new ProcessMark(self.pid(), self.startTicks() + 1, self.bootId()).alive())
                .isFalse();
        assertThat(ProcessMark.parse(self.toString())).contains(self);
        assertThat(ProcessMark.parse("12 torn")).isEmpty();
    }
}
