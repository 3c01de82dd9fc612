package dev.paddock.apps;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AppsTest {
    private static final InstantSource CLOCK = InstantSource.system();

    private Apps apps;
    private Account ann;
    private Account bob;

    @BeforeEach
    void makeAccounts() {
        Database database = TestDatabase.fresh();
        apps = new Apps(database, CLOCK);
        Accounts accounts = new Accounts(database, CLOCK);
        ann = accounts.create("ann@example.com", "Ann");
        bob = accounts.create("bob@example.com", "Bob");
    }

    @Test
    void appIsFoundByNameAndIdByItsOwnerOnly() {
        App shop = create("shop");

        assertThat(apps.get(ann, "shop")).isEqualTo(shop);
        assertThat(apps.get(ann, shop.id().toString())).isEqualTo(shop);
        assertThat(apps.find(shop.id())).contains(shop);
        assertThatThrownBy(() -> apps.get(bob, "shop"))
                .isInstanceOf(UserError.class)
                .hasMessage("Couldn't find that app.");
        assertThatThrownBy(() -> apps.get(ann, "nothing\0")).isInstanceOf(UserError.class);
    }

    @Test
    void takenNameIsRefusedForEveryAccount() {
        create("shop");

        assertThatThrownBy(() ->
                        apps.create(
                                bob,
                                Optional.of(new AppName("shop")),
                                Optional.empty(),
                                Optional.empty()))
                .isInstanceOf(UserError.class)
                .hasMessage("Name shop is already taken");
        assertThat(apps.all()).hasSize(1);
    }

    @Test
    void unknownStackAndRegionAreRefused() {
        assertThatThrownBy(() ->
                        apps.create(
                                ann, Optional.empty(), Optional.of("heroku-24"), Optional.empty()))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("heroku-24");
        assertThatThrownBy(() ->
                        apps.create(ann, Optional.empty(), Optional.empty(), Optional.of("us")))
                .isInstanceOf(UserError.class);
        assertThat(apps.all()).isEmpty();
    }

    @Test
    void nameIsInventedWhenNoneIsGiven() {
        App app = apps.create(ann, Optional.empty(), Optional.empty(), Optional.empty());

        assertThat(app.name().value()).matches("[a-z]+-[a-z]+-[0-9]{5}");
    }

    @Test
    void inventedNamesAreValid() {
        Random random = new Random(7);
        for (int i = 0; i < 10_000; i++) {
            assertThat(AppNames.invent(random).value().length()).isLessThanOrEqualTo(30);
        }
    }

    @Test
    void accountSeesItsOwnApps() {
        App shop = create("shop");
        App blog = create("blog");
        apps.create(bob, Optional.empty(), Optional.empty(), Optional.empty());

        assertThat(apps.list(ann)).containsExactly(blog, shop);
        assertThat(apps.all()).hasSize(3);
    }

    @Test
    void renamedAppKeepsItsIdAndFreesItsName() {
        App shop = create("shop");

        App renamed = apps.rename(shop, new AppName("store"));

        assertThat(renamed.id()).isEqualTo(shop.id());
        assertThat(apps.get(ann, "store")).isEqualTo(renamed);
        create("shop");
        assertThatThrownBy(() -> apps.rename(renamed, new AppName("shop")))
                .isInstanceOf(UserError.class)
                .hasMessage("Name shop is already taken");
        assertThat(apps.rename(renamed, new AppName("store")).name().value()).isEqualTo("store");
    }

    @Test
    void maintenanceAndRepositorySizeAreKept() {
        App shop = create("shop");

        assertThat(apps.setMaintenance(shop, true).maintenance()).isTrue();
        apps.setRepositoryBytes(shop.id(), 4711);

        assertThat(apps.find(shop.id()).orElseThrow().repositoryBytes()).isEqualTo(4711);
        assertThat(apps.setMaintenance(shop, false).maintenance()).isFalse();
    }

    @Test
    void appBeingDestroyedIsSeenByNobodyButHoldsItsName() {
        App shop = create("shop");

        assertThat(apps.beginDestroying(shop.id())).isTrue();
        assertThat(apps.beginDestroying(shop.id())).isFalse();

        assertThat(apps.find(shop.id())).isEmpty();
        assertThat(apps.all()).isEmpty();
        assertThat(apps.destroying()).containsExactly(shop.id());
        assertThatThrownBy(() -> create("shop")).hasMessage("Name shop is already taken");
        assertThatThrownBy(() -> apps.rename(shop, new AppName("store")))
                .hasMessage("Couldn't find that app.");
        apps.delete(shop.id());
        assertThat(apps.destroying()).isEmpty();
        create("shop");
    }

    @Test
    void featuresAreSwitchedPerApp() {
        App shop = create("shop");
        App blog = create("blog");

        Feature set = apps.setFeature(shop.id(), "preboot", true);

        assertThat(set.enabled()).isTrue();
        assertThat(enabled(shop.id())).containsExactly("preboot", "runtime-heroku-exec");
        assertThat(enabled(blog.id())).containsExactly("runtime-heroku-exec");
        assertThat(apps.features(shop.id())).contains(set);
        apps.setFeature(shop.id(), set.id().toString(), false);
        assertThat(enabled(shop.id())).containsExactly("runtime-heroku-exec");
    }

    @Test
    void unknownFeatureIsRefused() {
        App shop = create("shop");

        assertThatThrownBy(() -> apps.setFeature(shop.id(), "time-travel", true))
                .isInstanceOf(UserError.class)
                .hasMessage("Couldn't find that feature.");
        assertThatThrownBy(() -> apps.setFeature(AppId.random(), "preboot", true))
                .hasMessage("Couldn't find that app.");
    }

    private List<String> enabled(AppId app) {
        return apps.features(app).stream().filter(Feature::enabled).map(Feature::name).toList();
    }

    private App create(String name) {
        return apps.create(ann, Optional.of(new AppName(name)), Optional.empty(), Optional.empty());
    }
}
