package dev.paddock.deploys;

import dev.paddock.accounts.Account;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.statement.StatementContext;

/// The rows of set-ups; their sole writer. Safe for any thread.
final class AppSetupRows {
    private final Database database;
    private final InstantSource clock;

    AppSetupRows(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    UUID insert(Account account, App app) {
        UUID id = UUID.randomUUID();
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        """
                                        insert into app_setups (id, account, app, app_name, status,
                                          manifest_errors, created_at, updated_at)
                                        values (:id, :account, :app, :name, 'PENDING', '{}', :now, :now)
                                        """)
                                .bind("id", id)
                                .bind("account", account.id())
                                .bind("app", app.id())
                                .bind("name", app.name().value())
                                .bind("now", now())
                                .execute());
        return id;
    }

    void building(UUID id, UUID build) {
        change(id, "build = :value", build);
    }

    void postdeploy(UUID id, AppSetup.Postdeploy postdeploy) {
        change(id, "postdeploy_output = :value", postdeploy.output().replace("\0", ""));
        change(id, "postdeploy_exit_code = :value", postdeploy.exitCode());
    }

    void successUrl(UUID id, String url) {
        change(id, "success_url = :value", url);
    }

    private void change(UUID id, String change, Object value) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        "update app_setups set "
                                                + change
                                                + ", updated_at = :now where id = :id")
                                .bind("value", value)
                                .bind("now", now())
                                .bind("id", id)
                                .execute());
    }

    void finish(UUID id, Optional<String> failure, List<String> manifestErrors) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        """
                                        update app_setups set status = :status, failure = :failure,
                                          manifest_errors = :errors, updated_at = :now
                                        where id = :id
                                        """)
                                .bind("status", failure.isEmpty() ? "SUCCEEDED" : "FAILED")
                                .bind("failure", failure)
                                .bindArray("errors", String.class, manifestErrors)
                                .bind("now", now())
                                .bind("id", id)
                                .execute());
    }

    List<AppSetup> pending() {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select * from app_setups where status = 'PENDING'")
                                .map(AppSetupRows::setup)
                                .list());
    }

    Optional<AppSetup> find(Account account, UUID id) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select * from app_setups
                                        where id = :id and account = :account
                                        """)
                                .bind("id", id)
                                .bind("account", account.id())
                                .map(AppSetupRows::setup)
                                .findOne());
    }

    private Instant now() {
        // What the database keeps, so that a value read back equals the one given out.
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static AppSetup setup(ResultSet row, StatementContext context) throws SQLException {
        int exitCode = row.getInt("postdeploy_exit_code");
        Optional<AppSetup.Postdeploy> postdeploy =
                row.wasNull()
                        ? Optional.empty()
                        : Optional.of(
                                new AppSetup.Postdeploy(
                                        row.getString("postdeploy_output"), exitCode));
        return new AppSetup(
                row.getObject("id", UUID.class),
                new AppId(row.getObject("app", UUID.class)),
                new AppName(row.getString("app_name")),
                AppSetup.Status.valueOf(row.getString("status")),
                Optional.ofNullable(row.getString("failure")),
                Arrays.asList((String[]) row.getArray("manifest_errors").getArray()),
                Optional.ofNullable(row.getObject("build", UUID.class)),
                postdeploy,
                Optional.ofNullable(row.getString("success_url")),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant());
    }
}
