package dev.paddock.accounts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AccountsTest {
    private Instant now = Instant.parse("2026-01-01T12:00:00Z");
    private Database database;
    private Accounts accounts;
    private Authorizations authorizations;
    private Account ann;

    @BeforeEach
    void makeAccount() {
        database = TestDatabase.fresh();
        accounts = new Accounts(database, () -> now);
        authorizations = new Authorizations(database, () -> now, accounts);
        ann = accounts.create("Ann@example.com", "Ann");
    }

    @Test
    void emailIsUniqueInAnyCase() {
        assertThatThrownBy(() -> accounts.create("ann@EXAMPLE.com", "Other"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("already taken");
        assertThat(accounts.all()).containsExactly(ann);
    }

    @Test
    void invalidEmailIsRefused() {
        for (String email : new String[] {"", "ann", "a b@example.com", "ann@", "@x", "a\n@b.c"}) {
            assertThatThrownBy(() -> accounts.create(email, "Ann"))
                    .as(email)
                    .isInstanceOf(UserError.class);
        }
    }

    @Test
    void accountIsFoundByIdAndEmail() {
        accounts.create("bob@example.com", "Bob");

        assertThat(accounts.find(ann.id().toString())).contains(ann);
        assertThat(accounts.find("ANN@example.com")).contains(ann);
        assertThat(accounts.find("nobody\0")).isEmpty();
    }

    @Test
    void keyBelongsToItsAccountAndIsStoredHashed() {
        Authorization.Issued issued = authorizations.issue(ann, "cli", Optional.empty());

        assertThat(issued.token()).matches("paddock-[0-9a-f]{40}");
        assertThat(issued.toString()).doesNotContain(issued.token());
        assertThat(authorizations.authenticate(issued.token()))
                .contains(new Authorizations.Authenticated(ann, issued.authorization()));
        assertThat(authorizations.authenticate(issued.token() + "0")).isEmpty();
        String stored =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createQuery(
                                                "select authorizations::text from authorizations")
                                        .mapTo(String.class)
                                        .one());
        assertThat(stored).doesNotContain(issued.token().substring(8));
    }

    @Test
    void revokedKeyIsRefusedAtOnce() {
        Authorization.Issued issued = authorizations.issue(ann, "cli", Optional.empty());
        assertThat(authorizations.authenticate(issued.token())).isPresent();

        authorizations.revoke(ann, issued.authorization().id());

        assertThat(authorizations.authenticate(issued.token())).isEmpty();
        assertThat(authorizations.list(ann)).isEmpty();
    }

    @Test
    void onlyOwnKeysCanBeRevoked() {
        Account bob = accounts.create("bob@example.com", "Bob");
        Authorization.Issued issued = authorizations.issue(ann, "cli", Optional.empty());

        assertThatThrownBy(() -> authorizations.revoke(bob, issued.authorization().id()))
                .isInstanceOf(UserError.class)
                .hasMessage("Couldn't find that authorization.");
        assertThatThrownBy(() -> authorizations.revoke(ann, UUID.randomUUID()))
                .isInstanceOf(UserError.class);
        assertThat(authorizations.authenticate(issued.token())).isPresent();
    }

    @Test
    void keyExpiresEvenWhenJustLookedUp() {
        Authorization.Issued issued =
                authorizations.issue(ann, "login", Optional.of(Duration.ofSeconds(5)));
        now = now.plusSeconds(4);
        assertThat(authorizations.authenticate(issued.token())).isPresent();

        now = now.plusSeconds(1);

        assertThat(authorizations.authenticate(issued.token())).isEmpty();
        assertThat(authorizations.list(ann)).isEmpty();
    }

    @Test
    void keysAreListedNewestFirst() {
        Authorization first = authorizations.issue(ann, "first", Optional.empty()).authorization();
        now = now.plusSeconds(1);
        Authorization second =
                authorizations
                        .issue(ann, "second", Optional.of(Duration.ofDays(30)))
                        .authorization();

        assertThat(authorizations.list(ann)).containsExactly(second, first);
    }

    @Test
    void renamedAccountIsSeenAtOnce() {
        String key = authorizations.issue(ann, "cli", Optional.empty()).token();
        assertThat(authorizations.authenticate(key)).isPresent();

        Account renamed = accounts.rename(ann, "Anna");

        assertThat(renamed.name()).isEqualTo("Anna");
        assertThat(authorizations.authenticate(key).orElseThrow().account()).isEqualTo(renamed);
        assertThatThrownBy(() -> accounts.rename(ann, "x".repeat(101)))
                .isInstanceOf(UserError.class);
    }
}
