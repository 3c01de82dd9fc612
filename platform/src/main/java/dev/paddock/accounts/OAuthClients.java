package dev.paddock.accounts;

import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// OAuth clients of accounts; their sole writer. Safe for any thread.
public final class OAuthClients {
    private static final int MAX_CLIENTS = 100;

    private final Database database;
    private final InstantSource clock;
    private final KeyCache cache;
    private final Secrets secrets = new Secrets();

    /// @param accounts forget, when a client is deleted, what is known of its keys
    public OAuthClients(Database database, InstantSource clock, Accounts accounts) {
        this.database = database;
        this.clock = clock;
        this.cache = accounts.cache();
    }

    public OAuthClient create(Account account, OAuthClient.Wanted wanted) {
        UUID id = UUID.randomUUID();
        int made =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                insert into oauth_clients
                                                select :id, :account, :name, :uri, :secret, :now, :now
                                                where (select count(*) from oauth_clients
                                                  where account = :account) < :most
                                                """)
                                        .bind("id", id)
                                        .bind("account", account.id())
                                        .bind("name", wanted.name())
                                        .bind("uri", wanted.redirectUri())
                                        .bind("secret", seal(id, secrets.fresh()))
                                        .bind("now", now())
                                        .bind("most", MAX_CLIENTS)
                                        .execute());
        if (made == 0) {
            throw UserError.invalid(
                    "An account may have " + MAX_CLIENTS + " OAuth clients; delete one first.");
        }
        return get(account, id.toString());
    }

    /// Oldest first.
    public List<OAuthClient> list(Account account) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select * from oauth_clients where account = :account
                                        order by created_at, id
                                        """)
                                .bind("account", account.id())
                                .map((row, _) -> client(row))
                                .list());
    }

    /// Throws UserError.notFound for a client that is not the account's.
    public OAuthClient get(Account account, String id) {
        return list(account).stream()
                .filter(client -> client.id().toString().equalsIgnoreCase(id))
                .findFirst()
                .orElseThrow(OAuthClients::unknown);
    }

    static UserError unknown() {
        return new UserError("not_found", "Couldn't find that OAuth client.", "client");
    }

    /// Whoever it belongs to.
    Optional<OAuthClient> find(UUID id) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select * from oauth_clients where id = :id")
                                .bind("id", id)
                                .map((row, _) -> client(row))
                                .findOne());
    }

    public OAuthClient update(OAuthClient client, OAuthClient.Wanted wanted) {
        int changed =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                update oauth_clients set name = :name,
                                                  redirect_uri = :uri, updated_at = :now
                                                where id = :id
                                                """)
                                        .bind("id", client.id())
                                        .bind("name", wanted.name())
                                        .bind("uri", wanted.redirectUri())
                                        .bind("now", now())
                                        .execute());
        return changedOne(client, changed);
    }

    /// Another secret; tokens that the client has stay good.
    public OAuthClient rotate(OAuthClient client) {
        int changed =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                update oauth_clients set sealed_secret = :secret,
                                                  updated_at = :now
                                                where id = :id
                                                """)
                                        .bind("id", client.id())
                                        .bind("secret", seal(client.id(), secrets.fresh()))
                                        .bind("now", now())
                                        .execute());
        return changedOne(client, changed);
    }

    private OAuthClient changedOne(OAuthClient client, int changed) {
        if (changed == 0) {
            throw unknown();
        }
        return find(client.id()).orElseThrow(OAuthClients::unknown);
    }

    /// With every authorization that it was given; their tokens are worth nothing from now on.
    public void delete(OAuthClient client) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate("delete from oauth_clients where id = :id")
                                .bind("id", client.id())
                                .execute());
        cache.clear();
    }

    private byte[] seal(UUID client, String secret) {
        return database.vault().seal(place(client), secret);
    }

    private static String place(UUID client) {
        return "oauth-client/" + client;
    }

    private Instant now() {
        // What the database keeps, so that a value read back equals the one given out.
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private OAuthClient client(ResultSet row) throws SQLException {
        UUID id = row.getObject("id", UUID.class);
        return new OAuthClient(
                id,
                row.getObject("account", UUID.class),
                row.getString("name"),
                row.getString("redirect_uri"),
                database.vault().open(place(id), row.getBytes("sealed_secret")),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant());
    }
}
