package dev.paddock.api;

import static dev.paddock.api.Route.get;
import static dev.paddock.api.Route.post;

import dev.paddock.apps.Apps;
import dev.paddock.apps.Permission;
import dev.paddock.build.Build;
import dev.paddock.build.Builds;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import dev.paddock.deploys.Promotion;
import dev.paddock.deploys.Promotions;
import dev.paddock.pipelines.Coupling;
import dev.paddock.pipelines.Couplings;
import dev.paddock.pipelines.Pipeline;
import dev.paddock.pipelines.Pipelines;
import dev.paddock.releases.Releases;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Promotions within a pipeline, and what was last released in it.
final class PromotionEndpoints {
    private final Apps apps;
    private final Pipelines pipelines;
    private final Couplings couplings;
    private final Promotions promotions;
    private final Releases releases;
    private final Builds builds;
    private final Representations representations;
    private final BuildRepresentations buildRepresentations;
    private final PipelineRepresentations json = new PipelineRepresentations();

    PromotionEndpoints(
            Apps apps,
            Pipelines pipelines,
            Couplings couplings,
            Promotions promotions,
            Releases releases,
            Builds builds,
            Representations representations,
            BuildRepresentations buildRepresentations) {
        this.apps = apps;
        this.pipelines = pipelines;
        this.couplings = couplings;
        this.promotions = promotions;
        this.releases = releases;
        this.builds = builds;
        this.representations = representations;
        this.buildRepresentations = buildRepresentations;
    }

    List<Route> routes() {
        return List.of(
                post("/pipeline-promotions", this::promote),
                get("/pipeline-promotions/{promotion}", this::info),
                get("/pipeline-promotions/{promotion}/promotion-targets", this::targets),
                get("/pipelines/{pipeline}/latest-builds", this::latestBuilds),
                get("/pipelines/{pipeline}/latest-releases", this::latestReleases),
                get("/pipelines/{pipeline}/latest-deployments", this::latestDeployments));
    }

    private Answer promote(Call call) {
        var wanted = PipelineRepresentations.newPromotion(call.fields());
        Pipeline pipeline = pipelines.get(call.account(), wanted.pipeline());
        App source = apps.get(call.account(), wanted.source());
        List<App> targets =
                wanted.targets().stream()
                        .map(name -> apps.get(call.account(), name, Set.of(Permission.DEPLOY)))
                        .toList();
        Stream.concat(Stream.of(source), targets.stream()).forEach(app -> requireIn(pipeline, app));
        if (targets.stream().anyMatch(target -> target.id().equals(source.id()))) {
            throw UserError.invalid(
                    "Cannot promote from " + source.name() + " to itself; name another target.");
        }
        return Answer.created(
                json.promotion(
                        promotions.begin(pipeline, source, targets, call.account().actor())));
    }

    private void requireIn(Pipeline pipeline, App app) {
        if (couplings.of(app.id()).filter(c -> c.pipeline().equals(pipeline.id())).isEmpty()) {
            throw UserError.invalid(
                    "App " + app.name() + " is not in the pipeline " + pipeline.name() + ".");
        }
    }

    private Promotion find(Call call) {
        Promotion promotion =
                PipelineEndpoints.uuid(call.path("promotion"))
                        .flatMap(promotions::get)
                        .orElseThrow(() -> UserError.notFound("pipeline_promotion"));
        boolean visible =
                pipelines.list(call.account()).stream()
                        .anyMatch(pipeline -> pipeline.id().equals(promotion.pipeline()));
        if (!visible) {
            throw UserError.notFound("pipeline_promotion");
        }
        return promotion;
    }

    private Answer info(Call call) {
        return Answer.ok(json.promotion(find(call)));
    }

    private Answer targets(Call call) {
        Promotion promotion = find(call);
        return Answer.list(
                promotion.targets().stream()
                        .map(target -> json.target(promotion, target))
                        .toList());
    }

    private Answer latestReleases(Call call) {
        return latest(call, false);
    }

    /// Releases that came with new code.
    private Answer latestDeployments(Call call) {
        return latest(call, true);
    }

    private Answer latestBuilds(Call call) {
        return Answer.list(
                coupled(call)
                        .flatMap(app ->
                                builds.list(app.id()).stream()
                                        .max(Comparator.comparing(Build::createdAt))
                                        .map(build -> buildRepresentations.build(app, build))
                                        .stream())
                        .toList());
    }

    /// The apps of the pipeline that the account may see.
    private Stream<App> coupled(Call call) {
        Pipeline pipeline = pipelines.get(call.account(), call.path("pipeline"));
        Set<AppId> coupled =
                couplings.of(pipeline).stream().map(Coupling::app).collect(Collectors.toSet());
        return apps.list(call.account()).stream().filter(app -> coupled.contains(app.id()));
    }

    private Answer latest(Call call, boolean withCode) {
        return Answer.list(
                coupled(call)
                        .flatMap(app ->
                                Stream.of(releases.current(app.id()))
                                        .filter(release -> !withCode || release.slug().isPresent())
                                        .map(release -> representations.release(app, release)))
                        .toList());
    }
}
