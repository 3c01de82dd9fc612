package dev.paddock.accounts;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.Actor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditLogTest {
    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00.5Z");

    @TempDir Path directory;

    @Test
    void changeIsOneLineThatOnlyTheOperatorReads() throws IOException {
        AuditLog log = new AuditLog(directory.resolve("audit"));

        log.record(entry("PATCH /apps/shop 200"));
        log.record(entry("DELETE /apps/x\nuser=forged 404"));

        Path file = directory.resolve("audit").resolve("audit.log");
        assertThat(Files.readAllLines(file))
                .containsExactly(
                        "2026-01-01T12:00:00.500Z user=ann@example.com key=k request=r PATCH /apps/shop 200",
                        "2026-01-01T12:00:00.500Z user=ann@example.com key=k request=r DELETE /apps/x?user=forged 404");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void filesAreBounded() throws IOException {
        AuditLog log = new AuditLog(directory, 10_000);
        String much = "x".repeat(4000);
        for (int i = 0; i < 30; i++) {
            log.record(entry(i + " " + much));
        }

        try (var files = Files.list(directory)) {
            assertThat(files).hasSize(10);
        }
        assertThat(Files.readString(directory.resolve("audit.log"))).contains(" 29 xxx");
    }

    private static AuditLog.Entry entry(String what) {
        return new AuditLog.Entry(
                NOW, new Actor(UUID.randomUUID(), "ann@example.com"), "k", "r", what);
    }
}
