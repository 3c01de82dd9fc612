package dev.paddock.domains;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.apps.Apps;
import dev.paddock.core.App;
import dev.paddock.core.UserError;
import dev.paddock.domains.Domains.RoutedDomain;
import dev.paddock.routes.Certificate;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DomainsTest {
    private static final SubmittedCertificate CERTIFICATE =
            new SubmittedCertificate("chain", "key", false);

    private Apps apps;
    private Domains domains;
    private SniEndpoints endpoints;
    private Account ann;
    private Account bob;
    private App shop;

    @BeforeEach
    void make() {
        InstantSource clock = InstantSource.system();
        Database database = TestDatabase.fresh();
        Accounts accounts = new Accounts(database, clock);
        apps = new Apps(database, clock);
        domains = new Domains(database, "apps.test", clock);
        endpoints = new SniEndpoints(database, clock);
        ann = accounts.create("ann@example.com", "Ann");
        bob = accounts.create("bob@example.com", "Bob");
        shop = app(ann);
    }

    private App app(Account owner) {
        return apps.create(owner, Optional.empty(), Optional.empty(), Optional.empty());
    }

    private Domain add(App app, String name) {
        return domains.add(app, Hostname.parse(name), Optional.empty());
    }

    @Test
    void domainsAreListedFoundAndRemoved() {
        Domain www = add(shop, "www.example.com");
        Domain wild = add(shop, "*.example.com");

        assertThat(domains.list(shop.id())).containsExactly(www, wild);
        assertThat(domains.find(shop.id(), "WWW.example.com")).contains(www);
        assertThat(domains.find(shop.id(), wild.id().toString())).contains(wild);
        assertThat(domains.find(shop.id(), "other.example.com")).isEmpty();
        assertThat(domains.find(shop.id(), "\0")).isEmpty();
        assertThat(domains.find(app(ann).id(), "www.example.com")).isEmpty();

        domains.remove(www);
        assertThat(domains.list(shop.id())).containsExactly(wild);
    }

    @Test
    void nameOfAnotherAppIsRefused() {
        add(shop, "www.example.com");

        for (App other : List.of(app(ann), app(bob))) {
            assertThatThrownBy(() -> add(other, "www.example.com"))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("currently in use by another app");
        }
        assertThatThrownBy(() -> add(shop, "www.example.com"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("already added to this app");
    }

    @ParameterizedTest
    @CsvSource({"*.example.com, www.example.com", "www.example.com, *.example.com"})
    void namesOfOneWildcardBelongToOneOwner(String first, String second) {
        add(shop, first);

        assertThatThrownBy(() -> add(app(bob), second))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("overlaps");
        assertThat(add(app(ann), second).hostname().value()).isEqualTo(second);
    }

    @ParameterizedTest
    @ValueSource(strings = {"example.com", "a.b.example.com", "*.b.example.com", "xexample.com"})
    void namesThatTheWildcardDoesNotStandForAreFree(String name) {
        add(shop, "*.example.com");

        assertThat(add(app(bob), name).hostname().value()).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "apps.test",
                "other.apps.test",
                "*.apps.test",
                "a.b.apps.test",
                "x.localhost"
            })
    void platformsOwnNamesAreRefused(String name) {
        assertThatThrownBy(() -> add(shop, name))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("own domain");
    }

    @Test
    void ofManyWhoWantOneNameOneGetsIt() throws Exception {
        List<App> wanting = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            wanting.add(app(i % 2 == 0 ? ann : bob));
        }
        int won = 0;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> tries =
                    wanting.stream().map(app -> threads.submit(() -> gets(app))).toList();
            for (Future<Boolean> attempt : tries) {
                won += attempt.get() ? 1 : 0;
            }
        }

        assertThat(won).isEqualTo(1);
        assertThat(domains.routed()).hasSize(1);
    }

    private boolean gets(App app) {
        try {
            add(app, "www.example.com");
            return true;
        } catch (UserError e) {
            return false;
        }
    }

    @Test
    void domainShowsTheCertificateOfItsEndpointUntilThatIsGone() {
        SniEndpoint endpoint = endpoints.add(shop.id(), CERTIFICATE);
        Domain www =
                domains.add(shop, Hostname.parse("www.example.com"), Optional.of(endpoint.id()));
        add(shop, "plain.example.com");

        assertThat(www.endpoint()).contains(new Domain.Endpoint(endpoint.id(), endpoint.name()));
        assertThat(endpoints.find(shop.id(), endpoint.name()).orElseThrow().domains())
                .containsExactly(www.id());
        assertThat(domains.routed(shop.id()))
                .containsExactly(
                        new RoutedDomain("plain.example.com", Optional.empty()),
                        new RoutedDomain(
                                "www.example.com", Optional.of(new Certificate("chain", "key"))));
        assertThat(domains.routed()).containsEntry(shop.id(), domains.routed(shop.id()));

        endpoints.update(endpoint, new SubmittedCertificate("newer", "key2", true));
        assertThat(domains.routed(shop.id()).getLast().certificate())
                .contains(new Certificate("newer", "key2"));
        endpoints.remove(endpoint);
        assertThat(domains.routed(shop.id()).getLast().certificate()).isEmpty();
        assertThat(domains.list(shop.id())).hasSize(2).allMatch(d -> d.endpoint().isEmpty());
    }

    @Test
    void certificatesPerAppAreLimited() {
        for (int i = 0; i < SniEndpoints.MOST_PER_APP; i++) {
            endpoints.add(shop.id(), CERTIFICATE);
        }

        assertThatThrownBy(() -> endpoints.add(shop.id(), CERTIFICATE))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("at most 100");
        assertThat(endpoints.list(shop.id())).hasSize(SniEndpoints.MOST_PER_APP);
    }

    @Test
    void appThatGoesTakesItsDomainsAlong() {
        endpoints.add(shop.id(), CERTIFICATE);
        add(shop, "www.example.com");
        apps.beginDestroying(shop.id());
        assertThatThrownBy(() -> add(shop, "late.example.com")).hasMessageContaining("that app");
        apps.delete(shop.id());

        assertThat(add(app(bob), "www.example.com").hostname().value())
                .isEqualTo("www.example.com");
    }
}
