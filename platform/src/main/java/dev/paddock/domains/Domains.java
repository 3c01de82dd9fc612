package dev.paddock.domains;

import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import dev.paddock.routes.Certificate;
import dev.paddock.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;
import org.jspecify.annotations.Nullable;

/// The custom domains of apps; the sole writer of them. A name belongs to one app, and the names that a wildcard stands
/// for to apps of one owner. Safe for any thread.
public final class Domains {
    /// As on Heroku.
    static final int MOST_PER_APP = 1000;

    private static final String SELECT =
            """
            select d.*, e.name endpoint_name from domains d
            left join sni_endpoints e on e.id = d.sni_endpoint
            where d.app = :app
            """;

    private static final String ROUTED =
            """
            select d.app, d.hostname, e.id endpoint, e.certificate_chain, e.sealed_key
            from domains d left join sni_endpoints e on e.id = d.sni_endpoint
            """;

    private final Database database;
    private final String platform;
    private final InstantSource clock;

    /// @param platform the domain below which all apps have a name
    public Domains(Database database, String platform, InstantSource clock) {
        this.database = database;
        this.platform = platform;
        this.clock = clock;
    }

    /// Throws UserError when the name is the platform's, somebody else's or the app's already.
    public Domain add(App app, Hostname hostname, Optional<UUID> endpoint) {
        if (hostname.isWithin(platform) || hostname.isWithin("localhost")) {
            throw UserError.invalid(
                    hostname
                            + " is below this platform's own domain, where apps have their names by"
                            + " themselves.");
        }
        UUID id = UUID.randomUUID();
        database.jdbi()
                .useTransaction(handle -> {
                    // Two that overlap must not be added at once.
                    handle.execute("select pg_advisory_xact_lock(hashtext('domains'))");
                    requireFree(handle, app, hostname);
                    insert(handle, id, app.id(), hostname, endpoint);
                });
        return find(app.id(), id.toString()).orElseThrow(() -> UserError.notFound("app"));
    }

    private static void requireFree(Handle handle, App app, Hostname hostname) {
        for (Holder holder : overlapping(handle, hostname)) {
            boolean same = holder.hostname().equals(hostname.value());
            if (same && holder.app().equals(app.id())) {
                throw UserError.invalid("Domain already added to this app.");
            }
            if (same) {
                throw UserError.invalid(hostname + " is currently in use by another app.");
            }
            if (!holder.owner().equals(app.owner().id())) {
                throw UserError.invalid(
                        hostname
                                + " overlaps with a domain that is currently in use by another"
                                + " account's app.");
            }
        }
        int count =
                handle.createQuery("select count(*) from domains where app = :app")
                        .bind("app", app.id())
                        .mapTo(Integer.class)
                        .one();
        if (count >= MOST_PER_APP) {
            throw UserError.invalid("An app can have at most " + MOST_PER_APP + " domains.");
        }
    }

    /// The name itself, the wildcard that stands for it, or the names that it stands for.
    private static List<Holder> overlapping(Handle handle, Hostname hostname) {
        return handle.createQuery(
                        """
                        select d.hostname, d.app, a.owner from domains d join apps a on a.id = d.app
                        where d.hostname in (:hostname, '*' || :suffix)
                        or (:wildcard and right(d.hostname, length(:suffix)) = :suffix
                          and position('.' in d.hostname) = length(d.hostname) - length(:suffix) + 1)
                        """)
                .bind("hostname", hostname.value())
                .bind("suffix", hostname.suffix())
                .bind("wildcard", hostname.isWildcard())
                .map((row, _) ->
                        new Holder(
                                row.getString("hostname"),
                                new AppId(row.getObject("app", UUID.class)),
                                row.getObject("owner", UUID.class)))
                .list();
    }

    private void insert(
            Handle handle, UUID id, AppId app, Hostname hostname, Optional<UUID> endpoint) {
        int made =
                handle.createUpdate(
                                """
                                insert into domains
                                select :id, id, :hostname, :endpoint, :now, :now from apps
                                where id = :app and not destroying
                                """)
                        .bind("id", id)
                        .bind("app", app)
                        .bind("hostname", hostname.value())
                        .bindByType("endpoint", endpoint.orElse(null), UUID.class)
                        .bind("now", now())
                        .execute();
        if (made == 0) {
            throw UserError.notFound("app");
        }
    }

    /// In the order of their adding.
    public List<Domain> list(AppId app) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(SELECT + " order by d.created_at, d.hostname")
                                .bind("app", app)
                                .map(Domains::domain)
                                .list());
    }

    /// By host name, in any spelling, or id.
    public Optional<Domain> find(AppId app, String hostnameOrId) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(SELECT + " and (d.hostname = :key or d.id::text = :key)")
                                .bind("app", app)
                                .bind("key", key(hostnameOrId))
                                .map(Domains::domain)
                                .findOne());
    }

    private static String key(String hostnameOrId) {
        try {
            return Hostname.parse(hostnameOrId).value();
        } catch (UserError e) {
            return hostnameOrId.replace("\0", "");
        }
    }

    /// Shows another endpoint's certificate for the domain, or none of its own.
    public Domain assign(Domain domain, Optional<UUID> endpoint) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        """
                                        update domains set sni_endpoint = :endpoint, updated_at = :now
                                        where id = :id
                                        """)
                                .bind("id", domain.id())
                                .bindByType("endpoint", endpoint.orElse(null), UUID.class)
                                .bind("now", now())
                                .execute());
        return find(domain.app(), domain.id().toString())
                .orElseThrow(() -> UserError.notFound("domain"));
    }

    public void remove(Domain domain) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate("delete from domains where id = :id")
                                .bind("id", domain.id())
                                .execute());
    }

    /// What routers need to know of an app's domains.
    List<RoutedDomain> routed(AppId app) {
        return database.jdbi()
                .withHandle(handle ->
                        routed(
                                handle.createQuery(
                                                ROUTED + " where d.app = :app order by d.hostname")
                                        .bind("app", app)
                                        .map((row, _) -> row(row))
                                        .list()));
    }

    /// What routers need to know of all domains, in one query.
    Map<AppId, List<RoutedDomain>> routed() {
        List<Row> rows =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createQuery(ROUTED + " order by d.hostname")
                                        .map((row, _) -> row(row))
                                        .list());
        Map<AppId, List<Row>> byApp = new HashMap<>();
        rows.forEach(row -> byApp.computeIfAbsent(row.app(), _ -> new ArrayList<>()).add(row));
        Map<AppId, List<RoutedDomain>> routed = new HashMap<>();
        byApp.forEach((app, own) -> routed.put(app, routed(own)));
        return routed;
    }

    /// Domains of one endpoint share one certificate in memory.
    private static List<RoutedDomain> routed(List<Row> rows) {
        Map<UUID, Certificate> certificates = new HashMap<>();
        List<RoutedDomain> routed = new ArrayList<>();
        for (Row row : rows) {
            UUID endpoint = row.endpoint();
            Optional<Certificate> certificate =
                    endpoint == null
                            ? Optional.empty()
                            : Optional.of(
                                    certificates.computeIfAbsent(
                                            endpoint,
                                            _ -> new Certificate(row.chain(), row.key())));
            routed.add(new RoutedDomain(row.hostname(), certificate));
        }
        return routed;
    }

    private Row row(ResultSet row) throws SQLException {
        UUID endpoint = row.getObject("endpoint", UUID.class);
        String key =
                endpoint == null
                        ? ""
                        : database.vault()
                                .open(SniEndpoints.place(endpoint), row.getBytes("sealed_key"));
        return new Row(
                new AppId(row.getObject("app", UUID.class)),
                row.getString("hostname"),
                endpoint,
                row.getString("certificate_chain"),
                key);
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static Domain domain(ResultSet row, StatementContext context) throws SQLException {
        UUID endpoint = row.getObject("sni_endpoint", UUID.class);
        return new Domain(
                row.getObject("id", UUID.class),
                new AppId(row.getObject("app", UUID.class)),
                new Hostname(row.getString("hostname")),
                endpoint == null
                        ? Optional.empty()
                        : Optional.of(
                                new Domain.Endpoint(endpoint, row.getString("endpoint_name"))),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant());
    }

    /// @param certificate its own, if it has one
    record RoutedDomain(String hostname, Optional<Certificate> certificate) {}

    private record Holder(String hostname, AppId app, UUID owner) {}

    private record Row(
            AppId app, String hostname, @Nullable UUID endpoint, String chain, String key) {}
}
