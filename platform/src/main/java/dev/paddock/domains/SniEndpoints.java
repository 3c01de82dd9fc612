package dev.paddock.domains;

import dev.paddock.apps.AppNames;
import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/// The certificates that users bring for their apps; the sole writer of them. Keys go in and come out only on the way to
/// routers. Safe for any thread.
public final class SniEndpoints {
    /// All of them travel to the routers in one message.
    static final int MOST_PER_APP = 100;

    private static final int NAME_ATTEMPTS = 10;

    private static final String SELECT =
            """
            select e.id, e.app, e.name, e.certificate_chain, e.ca_signed, e.created_at, e.updated_at,
              array(select d.id from domains d where d.sni_endpoint = e.id order by d.hostname) domains
            from sni_endpoints e where e.app = :app
            """;

    private final Database database;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();

    public SniEndpoints(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /// Gives it a name of its own.
    public SniEndpoint add(AppId app, SubmittedCertificate certificate) {
        UUID id = UUID.randomUUID();
        database.jdbi()
                .useTransaction(handle -> {
                    requireRoom(handle, app);
                    int attempt = 1;
                    while (!insert(handle, id, app, certificate)) {
                        if (attempt++ == NAME_ATTEMPTS) {
                            throw UserError.notFound("app");
                        }
                    }
                });
        return find(app, id.toString()).orElseThrow(() -> UserError.notFound("app"));
    }

    private static void requireRoom(Handle handle, AppId app) {
        // Two that are added at once must not pass the limit together.
        handle.execute("select 1 from apps where id = ? for update", app);
        int count =
                handle.createQuery("select count(*) from sni_endpoints where app = :app")
                        .bind("app", app)
                        .mapTo(Integer.class)
                        .one();
        if (count >= MOST_PER_APP) {
            throw UserError.invalid("An app can have at most " + MOST_PER_APP + " certificates.");
        }
    }

    private boolean insert(Handle handle, UUID id, AppId app, SubmittedCertificate certificate) {
        return handle.createUpdate(
                                """
                                insert into sni_endpoints
                                select :id, id, :name, :chain, :key, :trusted, :now, :now from apps
                                where id = :app and not destroying
                                on conflict (app, name) do nothing
                                """)
                        .bind("id", id)
                        .bind("app", app)
                        .bind("name", AppNames.invent(random))
                        .bind("chain", certificate.chain())
                        .bind("key", seal(id, certificate))
                        .bind("trusted", certificate.trusted())
                        .bind("now", now())
                        .execute()
                > 0;
    }

    private byte[] seal(UUID id, SubmittedCertificate certificate) {
        return database.vault().seal(place(id), certificate.key());
    }

    /// Where the vault keeps the key of an endpoint.
    static String place(UUID id) {
        return "sni-endpoint/" + id;
    }

    public List<SniEndpoint> list(AppId app) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(SELECT + " order by e.created_at, e.name")
                                .bind("app", app)
                                .map(SniEndpoints::endpoint)
                                .list());
    }

    public Optional<SniEndpoint> find(AppId app, String nameOrId) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        SELECT + " and (e.name = :key or e.id::text = lower(:key))")
                                .bind("app", app)
                                .bind("key", nameOrId.replace("\0", ""))
                                .map(SniEndpoints::endpoint)
                                .findOne());
    }

    /// Another certificate and key under the same name and for the same domains.
    public SniEndpoint update(SniEndpoint endpoint, SubmittedCertificate certificate) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        """
                                        update sni_endpoints set certificate_chain = :chain,
                                          sealed_key = :key, ca_signed = :trusted, updated_at = :now
                                        where id = :id
                                        """)
                                .bind("id", endpoint.id())
                                .bind("chain", certificate.chain())
                                .bind("key", seal(endpoint.id(), certificate))
                                .bind("trusted", certificate.trusted())
                                .bind("now", now())
                                .execute());
        return find(endpoint.app(), endpoint.id().toString())
                .orElseThrow(() -> UserError.notFound("sni_endpoint"));
    }

    /// Its domains have no certificate of their own then.
    public void remove(SniEndpoint endpoint) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate("delete from sni_endpoints where id = :id")
                                .bind("id", endpoint.id())
                                .execute());
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static SniEndpoint endpoint(ResultSet row, StatementContext context)
            throws SQLException {
        return new SniEndpoint(
                row.getObject("id", UUID.class),
                new AppId(row.getObject("app", UUID.class)),
                row.getString("name"),
                row.getString("certificate_chain"),
                row.getBoolean("ca_signed"),
                Arrays.asList((UUID[]) row.getArray("domains").getArray()),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant());
    }
}
