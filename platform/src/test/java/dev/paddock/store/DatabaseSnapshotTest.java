package dev.paddock.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import dev.paddock.store.DatabaseOutline.Table;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class DatabaseSnapshotTest {
    private static final UUID ACCOUNT = UUID.fromString("11111111-1111-1111-1111-111111111111");

    private final PostgresServer server = TestDatabase.server();

    @Test
    void rowsComeBackAsTheyWere() throws Exception {
        String from = TestDatabase.name(TestDatabase.fresh());
        String odd = "tab\t line\n back\\slash \\. nothing \u00e9\ud83d\ude00";
        execute(from, account(ACCOUNT, odd));
        execute(from, app(UUID.randomUUID(), "shop"));
        execute(
                from,
                "insert into authorizations values (gen_random_uuid(), '%s', '', '{global,\"a,b\"}', '\\x0001ff', now(), now(), null)"
                        .formatted(ACCOUNT));
        Copy copy = copy(from);
        String to = TestDatabase.name(TestDatabase.fresh());
        execute(to, account(UUID.randomUUID(), "gone"));

        load(to, copy);

        for (Table table : copy.outline().tables()) {
            String rows = "select t::text from %s t order by 1".formatted(table.name());
            assertThat(query(to, rows)).as(table.name()).isEqualTo(query(from, rows));
        }
        assertThat(query(to, "select name from accounts")).containsExactly(odd);
        assertThat(DatabaseOutline.parse(copy.outline().text())).isEqualTo(copy.outline());
    }

    @Test
    void numbersGoOnBehindThoseThatWereGiven() throws Exception {
        String from = TestDatabase.name(TestDatabase.fresh());
        execute(from, account(ACCOUNT, "one"));
        execute(from, app(UUID.randomUUID(), "first"));
        execute(from, app(UUID.randomUUID(), "second"));
        execute(from, "delete from apps where name = 'second'");
        String to = TestDatabase.name(TestDatabase.fresh());

        load(to, copy(from));

        execute(to, app(UUID.randomUUID(), "third"));
        assertThat(query(to, "select name || number from apps order by number"))
                .containsExactly("first1", "third3");
    }

    @Test
    void changesMadeMeanwhileAreNotInIt() throws Exception {
        String from = TestDatabase.name(TestDatabase.fresh());
        execute(from, account(ACCOUNT, "before"));

        Copy copy;
        try (DatabaseSnapshot snapshot = open(from)) {
            execute(from, account(UUID.randomUUID(), "after"));
            copy = Copy.of(snapshot);
        }

        String to = TestDatabase.name(TestDatabase.fresh());
        load(to, copy);
        assertThat(query(to, "select name from accounts")).containsExactly("before");
    }

    @Test
    void slugsOfAppsThatAreDestroyedAreNotAskedFor() throws Exception {
        String from = TestDatabase.name(TestDatabase.fresh());
        execute(from, account(ACCOUNT, "one"));
        UUID living = UUID.randomUUID();
        UUID dying = UUID.randomUUID();
        execute(from, app(living, "living"));
        execute(from, app(dying, "dying"));
        UUID wanted = UUID.randomUUID();
        execute(from, slug(wanted, living, 10));
        execute(from, slug(UUID.randomUUID(), living, 0));
        execute(from, slug(UUID.randomUUID(), dying, 10));
        execute(from, "update apps set destroying = true where name = 'dying'");

        try (DatabaseSnapshot snapshot = open(from)) {
            assertThat(snapshot.slugs()).containsExactly(wanted);
        }
    }

    @Test
    void rowsOfAnEarlierVersionGetItsSchemaAndThenTheNewest() throws Exception {
        String from = TestDatabase.empty();
        Migrations.applyUpTo(source(from), 14);
        execute(from, account(ACCOUNT, "old"));
        execute(from, app(UUID.randomUUID(), "shop"));
        Copy copy = copy(from);
        assertThat(copy.outline().schema()).isEqualTo(14);
        String to = TestDatabase.name(TestDatabase.fresh());

        load(to, copy);

        assertThat(query(to, "select max(version::int)::text from flyway_schema_history"))
                .containsExactly("14");
        Migrations.apply(source(to));
        assertThat(query(to, "select version from flyway_schema_history"))
                .containsExactlyInAnyOrderElementsOf(Migrations.known());
        assertThat(query(to, "select name from apps")).containsExactly("shop");
        assertThat(query(to, "select count(*)::text from builds")).containsExactly("0");
    }

    @Test
    void rowsOfALaterVersionAreRefused() {
        DatabaseOutline later = new DatabaseOutline(9999, "", List.of(), Map.of());

        assertThatThrownBy(() -> DatabaseRestore.requireKnown(later))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("newer version")
                .hasMessageContaining("9999");
    }

    @Test
    void outlineThatNamesMoreThanTablesIsRefused() {
        assertThatThrownBy(() -> DatabaseOutline.parse("schema=1\ntable=a; drop table b:c\n"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> DatabaseOutline.parse("table=pg_class:a) from b;--\n"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static String account(UUID id, String name) {
        return "insert into accounts (id, email, name, created_at, updated_at) values ('%s', '%s', '%s', now(), now())"
                .formatted(id, id, name.replace("'", "''"));
    }

    private static String app(UUID id, String name) {
        return "insert into apps (id, name, owner, stack, region, created_at, updated_at) values ('%s', '%s', '%s', 'heroku-24', 'us', now(), now())"
                .formatted(id, name, ACCOUNT);
    }

    private static String slug(UUID id, UUID app, int bytes) {
        return "insert into slugs values ('%s', '%s', '', %d, null, '', 'heroku-24', '{\"web\": \"x\"}', '', now())"
                .formatted(id, app, bytes);
    }

    private Copy copy(String database) throws IOException {
        try (DatabaseSnapshot snapshot = open(database)) {
            return Copy.of(snapshot);
        }
    }

    private DatabaseSnapshot open(String database) {
        return DatabaseSnapshot.open(TestDatabase.address(database));
    }

    private void load(String database, Copy copy) throws IOException {
        DatabaseRestore.load(
                TestDatabase.address(database),
                copy.outline(),
                table -> new ByteArrayInputStream(copy.rows().get(table.name())));
    }

    private PGSimpleDataSource source(String database) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(TestDatabase.address(database).jdbcUrl());
        source.setUser(server.address().user());
        source.setPassword(server.address().password());
        return source;
    }

    private Jdbi jdbi(String database) {
        return Jdbi.create(source(database));
    }

    private void execute(String database, String sql) {
        jdbi(database).useHandle(handle -> handle.execute(sql.replace("?", "??")));
    }

    private List<String> query(String database, String sql) {
        return jdbi(database)
                .withHandle(handle -> handle.createQuery(sql).mapTo(String.class).list());
    }

    private record Copy(DatabaseOutline outline, Map<String, byte[]> rows) {
        static Copy of(DatabaseSnapshot snapshot) throws IOException {
            Map<String, byte[]> rows = new HashMap<>();
            for (Table table : snapshot.outline().tables()) {
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                snapshot.copy(table, bytes);
                rows.put(table.name(), bytes.toByteArray());
            }
            return new Copy(snapshot.outline(), rows);
        }
    }
}
