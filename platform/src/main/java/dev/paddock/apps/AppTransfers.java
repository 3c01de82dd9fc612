package dev.paddock.apps;

import dev.paddock.accounts.Account;
import dev.paddock.core.Actor;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/// Offers of apps to other users; their sole writer. Safe for any thread.
public final class AppTransfers {
    private static final String SELECT =
            """
            select t.*, a.name app_name, o.email owner_email, r.email recipient_email
            from app_transfers t
            join apps a on a.id = t.app and not a.destroying
            join accounts o on o.id = t.owner
            join accounts r on r.id = t.recipient
            where :account in (t.owner, t.recipient)
            """;

    private final Database database;
    private final InstantSource clock;

    public AppTransfers(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /// Throws UserError when the app is on offer already, or goes to whom it belongs.
    public AppTransfer offer(App app, Account owner, Account recipient) {
        if (recipient.id().equals(owner.id())) {
            throw UserError.invalid("You own " + app.name() + " already; name another recipient.");
        }
        UUID id = UUID.randomUUID();
        int made =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                insert into app_transfers
                                                select :id, id, owner, :recipient, 'PENDING', :now, :now
                                                from apps
                                                where id = :app and owner = :owner and not destroying
                                                on conflict (app) where state = 'PENDING' do nothing
                                                """)
                                        .bind("id", id)
                                        .bind("app", app.id())
                                        .bind("owner", owner.id())
                                        .bind("recipient", recipient.id())
                                        .bind("now", now())
                                        .execute());
        if (made == 0) {
            throw UserError.invalid(
                    "App "
                            + app.name()
                            + " is being transferred already; its recipient has to answer, or you"
                            + " to take the offer back.");
        }
        return get(owner, id.toString());
    }

    /// Those that the account made or was made, newest first.
    public List<AppTransfer> list(Account account) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(SELECT + " order by t.created_at desc, t.id")
                                .bind("account", account.id())
                                .map(AppTransfers::transfer)
                                .list());
    }

    /// By id or name of the app, the newest first.
    public AppTransfer get(Account account, String idOrApp) {
        return list(account).stream()
                .filter(transfer ->
                        transfer.id().toString().equalsIgnoreCase(idOrApp)
                                || transfer.appName().value().equals(idOrApp))
                .findFirst()
                .orElseThrow(() -> UserError.notFound("app_transfer"));
    }

    /// The recipient's answer. One who accepts owns the app; who had it stays as a collaborator.
    public AppTransfer answer(AppTransfer offered, Account recipient, boolean accepted) {
        if (!offered.recipient().id().equals(recipient.id())) {
            throw new UserError("forbidden", "Only the recipient can answer a transfer.");
        }
        database.jdbi()
                .useTransaction(handle -> {
                    String state =
                            (accepted ? AppTransfer.State.ACCEPTED : AppTransfer.State.DECLINED)
                                    .name();
                    int answered =
                            handle.createUpdate(
                                            """
                                            update app_transfers set state = :state, updated_at = :now
                                            where id = :id and state = 'PENDING'
                                            """)
                                    .bind("state", state)
                                    .bind("now", now())
                                    .bind("id", offered.id())
                                    .execute();
                    if (answered == 0) {
                        throw UserError.invalid("This transfer was answered already.");
                    }
                    if (accepted) {
                        handOver(
                                handle,
                                offered.app(),
                                offered.owner().id(),
                                offered.recipient().id());
                    }
                });
        return get(recipient, offered.id().toString());
    }

    /// Hands an app over at once, without asking; an offer that was made before is taken back.
    public void give(App app, Account owner, Account recipient) {
        database.jdbi()
                .useTransaction(handle -> {
                    handle.createUpdate(
                                    "delete from app_transfers where app = :app and state = 'PENDING'")
                            .bind("app", app.id())
                            .execute();
                    handOver(handle, app.id(), owner.id(), recipient.id());
                });
    }

    private void handOver(Handle handle, AppId app, UUID owner, UUID recipient) {
        int moved =
                handle.createUpdate(
                                """
                                update apps set owner = :recipient, updated_at = :now
                                where id = :app and owner = :owner and not destroying
                                """)
                        .bind("recipient", recipient)
                        .bind("owner", owner)
                        .bind("app", app)
                        .bind("now", now())
                        .execute();
        if (moved == 0) {
            throw UserError.notFound("app");
        }
        handle.createUpdate("delete from collaborators where app = :app and account = :recipient")
                .bind("app", app)
                .bind("recipient", recipient)
                .execute();
        Collaborators.insert(handle, app, owner, Permission.USUAL, now());
    }

    /// Takes an offer back that was not answered yet.
    public void withdraw(AppTransfer offered, Account owner) {
        if (!offered.owner().id().equals(owner.id())) {
            throw new UserError("forbidden", "Only who offered the app can take the offer back.");
        }
        int withdrawn =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                delete from app_transfers
                                                where id = :id and state = 'PENDING'
                                                """)
                                        .bind("id", offered.id())
                                        .execute());
        if (withdrawn == 0) {
            throw UserError.invalid("This transfer was answered already.");
        }
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static AppTransfer transfer(ResultSet row, StatementContext context)
            throws SQLException {
        return new AppTransfer(
                row.getObject("id", UUID.class),
                new AppId(row.getObject("app", UUID.class)),
                new AppName(row.getString("app_name")),
                new Actor(row.getObject("owner", UUID.class), row.getString("owner_email")),
                new Actor(row.getObject("recipient", UUID.class), row.getString("recipient_email")),
                AppTransfer.State.valueOf(row.getString("state")),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant());
    }
}
