package dev.paddock.api;

import static dev.paddock.api.Route.get;
import static dev.paddock.api.Route.post;

import dev.paddock.build.Build;
import dev.paddock.build.Buildpack;
import dev.paddock.build.Builds;
import dev.paddock.core.UserError;
import dev.paddock.deploys.AppSetup;
import dev.paddock.deploys.AppSetups;
import dev.paddock.outbound.OutboundTargets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// Setting apps up from an `app.json`.
final class AppSetupEndpoints {
    private final AppSetups setups;
    private final Builds builds;
    private final BuildEndpoints trees;
    private final OutboundTargets targets;
    private final BuildRepresentations representations;

    AppSetupEndpoints(
            AppSetups setups,
            Builds builds,
            BuildEndpoints trees,
            OutboundTargets targets,
            BuildRepresentations representations) {
        this.setups = setups;
        this.builds = builds;
        this.trees = trees;
        this.targets = targets;
        this.representations = representations;
    }

    List<Route> routes() {
        return List.of(post("/app-setups", this::create), get("/app-setups/{setup}", this::info));
    }

    private Answer create(Call call) {
        AppSetupRepresentations.NewSetup wanted = AppSetupRepresentations.newSetup(call.fields());
        wanted.app().stack().ifPresent(CatalogueEndpoints::requireStack);
        List<Buildpack> buildpacks =
                wanted.buildpacks().stream().map(text -> Buildpack.parse(text, targets)).toList();
        AppSetup begun =
                setups.begin(
                        call.account(),
                        new AppSetups.Wanted(
                                wanted.app().name(),
                                wanted.app().stack(),
                                wanted.app().region(),
                                trees.tree(wanted.origin()),
                                wanted.origin(),
                                wanted.env(),
                                buildpacks));
        return new Answer(202, represent(begun), Map.of());
    }

    private Answer info(Call call) {
        return Answer.ok(
                represent(
                        setups.get(
                                call.account(),
                                ReleaseEndpoints.uuid(call.path("setup"))
                                        .orElseThrow(() -> UserError.notFound("app_setup")))));
    }

    private ObjectNode represent(AppSetup setup) {
        Optional<Build> build = setup.build().flatMap(id -> builds.find(setup.app(), id));
        return AppSetupRepresentations.setup(setup, build, representations);
    }
}
