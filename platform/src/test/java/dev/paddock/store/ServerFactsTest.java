package dev.paddock.store;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import dev.paddock.store.ServerFacts.Content;
import dev.paddock.store.ServerFacts.Wanted;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServerFactsTest {
    private static final DatabaseAddress ADDRESS =
            new DatabaseAddress("db", 5432, "state", "owner", "hush", Map.of());
    private static final Content NOTHING = new Content.Nothing();
    private static final Wanted FIRST = new Wanted("", false);
    private static final Wanted BEGAN = new Wanted("aa", true);

    @Test
    void emptyDatabaseIsForAPlatformThatBegins() {
        assertThatCode(() -> good(NOTHING).require(ADDRESS, FIRST)).doesNotThrowAnyException();
        refused(good(NOTHING), BEGAN, "db:5432/state is empty");
    }

    @Test
    void filledDatabaseIsForThePlatformWithItsKey() {
        Content ours = new Content.Paddocks("aa");

        assertThatCode(() -> good(ours).require(ADDRESS, BEGAN)).doesNotThrowAnyException();
        refused(good(ours), new Wanted("bb", true), "belongs to another platform");
        refused(good(ours), new Wanted("bb", false), "belongs to another platform");
        refused(good(ours), FIRST, "belongs to another platform");
    }

    @Test
    void firstStartThatWasCutOffGoesOn() {
        Wanted withKey = new Wanted("aa", false);

        assertThatCode(() -> good(NOTHING).require(ADDRESS, withKey)).doesNotThrowAnyException();
        assertThatCode(() -> good(new Content.Paddocks("")).require(ADDRESS, FIRST))
                .doesNotThrowAnyException();
        assertThatCode(() -> good(new Content.Paddocks("aa")).require(ADDRESS, withKey))
                .doesNotThrowAnyException();
        refused(good(new Content.Paddocks("")), BEGAN, "belongs to another platform");
    }

    @Test
    void restoreWantsNothingInIt() {
        assertThatCode(() -> good(NOTHING).requireEmpty(ADDRESS)).doesNotThrowAnyException();
        assertThatThrownBy(() -> good(new Content.Paddocks("")).requireEmpty(ADDRESS))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("is not empty");
        assertThatThrownBy(() -> good(new Content.Foreign("orders")).requireEmpty(ADDRESS))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("the table orders");
    }

    @Test
    void serverThatCannotServeIsRefusedWithWhatWouldHelp() {
        refused(good(new Content.Foreign("orders")), FIRST, "the table orders");
        refused(
                new ServerFacts(140_012, "14.12", false, "UTF8", true, NOTHING),
                FIRST,
                "is PostgreSQL 14.12, and Paddock needs 15 or newer");
        refused(new ServerFacts(150_000, "15.0", true, "UTF8", true, NOTHING), FIRST, "standby");
        refused(
                new ServerFacts(150_000, "15.0", false, "LATIN1", true, NOTHING),
                FIRST,
                "encoding LATIN1");
        refused(
                new ServerFacts(150_000, "15.0", false, "UTF8", false, NOTHING),
                FIRST,
                "user owner may not make tables");
    }

    private static ServerFacts good(Content content) {
        return new ServerFacts(180_006, "18.6", false, "UTF8", true, content);
    }

    private static void refused(ServerFacts facts, Wanted wanted, String reason) {
        assertThatThrownBy(() -> facts.require(ADDRESS, wanted))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("DATABASE_URL: ")
                .hasMessageContaining(reason)
                .message()
                .doesNotContain("hush");
    }
}
