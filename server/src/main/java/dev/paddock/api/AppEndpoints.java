package dev.paddock.api;

import dev.paddock.apps.Apps;
import dev.paddock.apps.Feature;
import dev.paddock.apps.Permission;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import dev.paddock.deploys.Deployments;
import java.util.List;
import java.util.Set;

/// Apps, their features, and the lists that hang on an app and have nothing to show yet.
final class AppEndpoints {
    static final List<Page.Key<App>> APP_KEYS =
            List.of(
                    Page.Key.text("name", app -> app.name().value()),
                    Page.Key.text("id", app -> app.id().toString()));
    private static final List<Page.Key<Feature>> FEATURE_KEYS =
            List.of(
                    Page.Key.text("name", Feature::name),
                    Page.Key.text("id", feature -> feature.id().toString()));

    private final Apps apps;
    private final Deployments deployments;
    private final Representations representations;
    private final AppLists lists;

    AppEndpoints(Apps apps, Deployments deployments, Representations representations) {
        this.apps = apps;
        this.deployments = deployments;
        this.representations = representations;
        this.lists = new AppLists(apps, representations);
    }

    /// The app that the path names.
    App find(Call call) {
        return apps.get(call.account(), call.path("app"), call.permissions());
    }

    /// Answers while no other change of the app goes on. The app is looked up in the endpoint again: it may be gone when
    /// its turn has come.
    Route.Endpoint alone(Route.Endpoint endpoint) {
        return call -> {
            call.receive();
            return deployments.alone(find(call).id(), () -> endpoint.answer(call));
        };
    }

    /// Whether the account may read the app's code.
    boolean mayReadCode(Call call, AppId app) {
        try {
            return apps.get(
                            call.account(),
                            app.toString(),
                            Set.of(Permission.DEPLOY, Permission.OPERATE))
                    .id()
                    .equals(app);
        } catch (UserError _) {
            return false;
        }
    }

    Answer create(Call call) {
        Representations.NewApp wanted = Representations.newApp(call.fields());
        App app =
                deployments.create(call.account(), wanted.name(), wanted.stack(), wanted.region());
        return Answer.created(representations.app(app));
    }

    Answer list(Call call) {
        AccountEndpoints.requireSelf(call);
        return lists.answer(call.account(), call.range());
    }

    Answer info(Call call) {
        return Answer.ok(representations.app(find(call)));
    }

    Answer update(Call call) {
        App app = find(call);
        Representations.AppChange change = Representations.appChange(call.fields());
        if (change.stack().isPresent()) {
            CatalogueEndpoints.requireStack(change.stack().get());
        }
        if (change.name().isPresent() && !change.name().get().equals(app.name())) {
            apps.require(call.account(), app, Set.of(Permission.MANAGE));
            app = deployments.rename(app, change.name().get(), call.account().actor());
        }
        if (change.maintenance().isPresent() && change.maintenance().get() != app.maintenance()) {
            app =
                    deployments.setMaintenance(
                            app, change.maintenance().get(), call.account().actor());
        }
        return Answer.ok(representations.app(app));
    }

    Answer destroy(Call call) {
        App app = find(call);
        deployments.destroy(app, call.account().actor());
        return Answer.ok(representations.app(app));
    }

    Answer features(Call call) {
        return Answer.page(
                Page.of(apps.features(find(call).id()), call.range(), FEATURE_KEYS)
                        .map(representations::feature));
    }

    Answer feature(Call call) {
        return Answer.ok(representations.feature(findFeature(call, find(call))));
    }

    Answer setFeature(Call call) {
        App app = find(call);
        Feature feature = findFeature(call, app);
        boolean enabled = Representations.featureEnabled(call.fields());
        return Answer.ok(
                representations.feature(
                        deployments.setFeature(
                                app, feature.name(), enabled, call.account().actor())));
    }

    private Feature findFeature(Call call, App app) {
        String wanted = call.path("feature");
        return apps.features(app.id()).stream()
                .filter(feature ->
                        feature.name().equals(wanted) || feature.id().toString().equals(wanted))
                .findFirst()
                .orElseThrow(() -> UserError.notFound("feature"));
    }

    /// A list of an app that is empty on this platform.
    Answer none(Call call) {
        find(call);
        return Answer.list(List.of());
    }
}
