package dev.paddock.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.UserError;
import dev.paddock.daemons.Processes;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.UUID;
import org.flywaydb.core.Flyway;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseTest {
    @Test
    void vocabularyTravelsUnchanged() {
        Jdbi jdbi = TestDatabase.fresh().jdbi();
        AppId app = AppId.random();
        UUID id = UUID.randomUUID();
        Instant moment = Instant.parse("2026-03-29T01:30:00.123456Z");

        jdbi.useHandle(handle -> {
            assertThat(roundTrip(handle, "uuid", app, AppId.class)).isEqualTo(app);
            assertThat(roundTrip(handle, "uuid", id, UUID.class)).isEqualTo(id);
            assertThat(roundTrip(handle, "timestamptz", moment, Instant.class)).isEqualTo(moment);
            assertThat(roundTrip(handle, "text", new AppName("shop"), AppName.class))
                    .isEqualTo(new AppName("shop"));
            assertThat(roundTrip(handle, "integer", new ReleaseVersion(7), ReleaseVersion.class))
                    .isEqualTo(new ReleaseVersion(7));
        });
    }

    @Test
    void allMigrationsOnTheClassPathAreApplied() {
        Database database = TestDatabase.fresh();

        var applied =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createQuery(
                                                "select version from flyway_schema_history"
                                                        + " where success")
                                        .mapTo(String.class)
                                        .set());

        PostgresServer server = TestDatabase.server();
        Flyway flyway =
                Flyway.configure()
                        .dataSource(
                                server.address().jdbcUrl(),
                                server.address().user(),
                                server.address().password())
                        .load();
        assertThat(applied).isEqualTo(Migrations.known());
        assertThat(Migrations.known())
                .isEqualTo(
                        Arrays.stream(flyway.info().all())
                                .map(migration -> String.valueOf(migration.getVersion()))
                                .collect(java.util.stream.Collectors.toSet()));
    }

    @Test
    void serverThatWentAwayIsReportedAndItsReturnNoticed() {
        PostgresServer server = TestDatabase.server();
        Jdbi jdbi = TestDatabase.fresh().jdbi();

        // Stopped, not ended: connections are neither refused nor answered.
        Processes.signal(server.pid(), "STOP");
        try {
            jdbi.useHandle(held ->
                    assertThatThrownBy(() -> jdbi.open().close())
                            .isInstanceOf(UserError.class)
                            .hasMessageContaining("did not answer"));
        } finally {
            Processes.signal(server.pid(), "CONT");
        }

        assertThat(
                        jdbi.<Integer, RuntimeException>withHandle(
                                handle -> handle.select("select 1").mapTo(Integer.class).one()))
                .isEqualTo(1);
    }

    @Test
    void brokenConnectionsAreReplaced() {
        Jdbi jdbi = TestDatabase.fresh().jdbi();

        assertThatThrownBy(() ->
                        jdbi.useHandle(handle ->
                                handle.execute(
                                        "select" + " pg_terminate_backend(pg_backend_pid())")))
                .isInstanceOf(RuntimeException.class);

        assertThat(
                        jdbi.<Integer, RuntimeException>withHandle(
                                handle -> handle.select("select 1").mapTo(Integer.class).one()))
                .isEqualTo(1);
    }

    @Test
    void keyThatSealedNothingHereIsRefusedAndAMissingOneNotReplaced(@TempDir Path directory) {
        Database database = TestDatabase.fresh();
        Path another = directory.resolve("another.key");
        Path missing = directory.resolve("missing.key");
        Vault.create(another);

        assertThatThrownBy(() -> TestDatabase.reopen(database, another))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("not the one");
        assertThatThrownBy(() -> TestDatabase.reopen(database, missing))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("cannot be read");
        assertThat(missing).doesNotExist();
    }

    private static <T> T roundTrip(
            org.jdbi.v3.core.Handle handle, String sqlType, T value, Class<T> type) {
        return handle.createQuery("select cast(:value as " + sqlType + ")")
                .bind("value", value)
                .mapTo(type)
                .one();
    }
}
