package dev.paddock.webhooks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.apps.Apps;
import dev.paddock.core.App;
import dev.paddock.core.UserError;
import dev.paddock.outbound.OutboundTargets;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeliveriesTest {
    private Instant now = Instant.parse("2026-01-01T12:00:00Z");
    private Database database;
    private Account ann;
    private App shop;
    private Deliveries deliveries;
    private Webhooks webhooks;

    @BeforeEach
    void makeApp() {
        database = TestDatabase.fresh();
        ann = new Accounts(database, () -> now).create("ann@example.com", "Ann");
        shop =
                new Apps(database, () -> now)
                        .create(ann, Optional.empty(), Optional.empty(), Optional.empty());
        deliveries = new Deliveries(database, () -> now);
        webhooks = new Webhooks(database, new OutboundTargets(List.of()), deliveries, () -> now);
    }

    @Test
    void eventGoesToThoseWhoWantToHearOfIt() {
        Webhook releases = add(Webhook.Level.NOTIFY, "api:release");
        add(Webhook.Level.NOTIFY, "api:dyno");

        publish("api:release");
        publish("api:domain");

        assertThat(deliveries.due()).hasSize(1);
        assertThat(deliveries.list(shop).getFirst().webhook()).isEqualTo(releases.id());
        assertThat(webhooks.events(shop)).hasSize(1);
    }

    @Test
    void failedDeliveryIsTriedAgainAfterItsPause() {
        add(Webhook.Level.SYNC, "api:release");
        publish("api:release");
        Deliveries.Due due = deliveries.due().getFirst();

        deliveries.attempted(due, attempt("http_error"));

        assertThat(deliveries.list(shop).getFirst().status()).isEqualTo(Delivery.Status.RETRYING);
        assertThat(deliveries.due()).isEmpty();
        now = now.plus(Duration.ofSeconds(5));
        Deliveries.Due again = deliveries.due().getFirst();
        assertThat(again.attempts()).isEqualTo(1);

        deliveries.attempted(
                again,
                new Delivery.Attempt(UUID.randomUUID(), Optional.of(204), Optional.empty(), now));

        Delivery done = deliveries.list(shop).getFirst();
        assertThat(done.status()).isEqualTo(Delivery.Status.SUCCEEDED);
        assertThat(done.attempts()).isEqualTo(2);
        assertThat(done.nextAttemptAt()).isEmpty();
    }

    @Test
    void notificationThatFailedStaysFailed() {
        add(Webhook.Level.NOTIFY, "api:release");
        publish("api:release");

        deliveries.attempted(deliveries.due().getFirst(), attempt("timeout"));

        now = now.plus(Duration.ofDays(7));
        assertThat(deliveries.due()).isEmpty();
        Delivery failed = deliveries.list(shop).getFirst();
        assertThat(failed.status()).isEqualTo(Delivery.Status.FAILED);
        assertThat(failed.lastAttempt().orElseThrow().error()).contains("timeout");
    }

    @Test
    void appWithSlowReceiversTakesNoMoreThanItsPart() {
        add(Webhook.Level.SYNC, "api:release");
        for (int i = 0; i < 10; i++) {
            publish("api:release");
        }

        assertThat(deliveries.due()).hasSize(Deliveries.PER_APP);
    }

    @Test
    void secretIsSealedAndOnlyTheNewestEventsAreKept() {
        add(Webhook.Level.NOTIFY, "api:release");
        for (int i = 0; i < 1003; i++) {
            now = now.plusMillis(1);
            publish("api:release");
        }

        assertThat(webhooks.events(shop)).hasSize(1000);
        String stored =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createQuery(
                                                "select encode(sealed_secret, 'escape') from webhooks")
                                        .mapTo(String.class)
                                        .one());
        assertThat(stored).doesNotContain("shhh");
        assertThat(deliveries.due().getFirst().secret()).isEqualTo("shhh");
    }

    @Test
    void urlOfThePlatformsOwnNetworksIsRefused() {
        for (String url :
                new String[] {
                    "http://127.0.0.1/",
                    "http://localhost:5000/x",
                    "http://169.254.169.254/",
                    "http://10.1.2.3/",
                    "http://[::1]/",
                    "ftp://example.com/",
                    "nonsense"
                }) {
            assertThatThrownBy(
                            () -> webhooks.add(shop, wanted(url, Webhook.Level.NOTIFY, "api:app")))
                    .as(url)
                    .isInstanceOf(UserError.class);
        }
        assertThat(webhooks.list(shop)).isEmpty();
    }

    @Test
    void unknownKindsAndOddSecretsAreRefused() {
        assertThatThrownBy(() -> wanted("http://192.0.0.8/", Webhook.Level.SYNC, "api:cat"))
                .isInstanceOf(UserError.class);
        assertThatThrownBy(() ->
                        new Webhooks.Wanted(
                                "http://example.com/",
                                List.of("api:app"),
                                Webhook.Level.SYNC,
                                Optional.of("a\r\nb"),
                                Optional.empty()))
                .isInstanceOf(UserError.class);
    }

    private Webhook add(Webhook.Level level, String include) {
        now = now.plusMillis(1);
        return webhooks.add(shop, wanted("http://93.184.215.14/hook", level, include)).webhook();
    }

    private static Webhooks.Wanted wanted(String url, Webhook.Level level, String include) {
        return new Webhooks.Wanted(
                url, List.of(include), level, Optional.of("shhh"), Optional.empty());
    }

    private Delivery.Attempt attempt(String error) {
        return new Delivery.Attempt(UUID.randomUUID(), Optional.empty(), Optional.of(error), now);
    }

    private void publish(String include) {
        webhooks.publish(shop.id(), include, "create", ann.actor(), "{}");
    }
}
