package dev.paddock.api;

import dev.paddock.build.Build;
import dev.paddock.build.Builder;
import dev.paddock.build.Buildpack;
import dev.paddock.build.Builds;
import dev.paddock.build.Sources;
import dev.paddock.core.App;
import dev.paddock.core.UserError;
import dev.paddock.deploys.Deployments;
import dev.paddock.outbound.OutboundHttp;
import dev.paddock.outbound.OutboundTargets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// Sources and the builds that are made of them.
final class BuildEndpoints {
    private static final List<Page.Key<Build>> KEYS =
            List.of(
                    Page.Key.text("started_at", build -> build.createdAt().toString()),
                    Page.Key.text("id", build -> build.id().toString()));

    private final AppEndpoints apps;
    private final Builds builds;
    private final Sources sources;
    private final Deployments deployments;
    private final OutboundTargets targets;
    private final SecretUrls urls;
    private final BuildRepresentations representations;

    BuildEndpoints(
            AppEndpoints apps,
            Builds builds,
            Sources sources,
            Deployments deployments,
            OutboundTargets targets,
            SecretUrls urls,
            BuildRepresentations representations) {
        this.apps = apps;
        this.builds = builds;
        this.sources = sources;
        this.deployments = deployments;
        this.targets = targets;
        this.urls = urls;
        this.representations = representations;
    }

    Answer newSource(Call call) {
        return Answer.created(representations.source(sources.create()));
    }

    Answer newSourceOfApp(Call call) {
        apps.find(call);
        return newSource(call);
    }

    Answer create(Call call) {
        App app = apps.find(call);
        BuildRepresentations.NewBuild wanted = BuildRepresentations.newBuild(call.fields());
        List<Buildpack> buildpacks =
                wanted.buildpacks().stream().map(it -> Buildpack.parse(it, targets)).toList();
        Deployments.Push push =
                new Deployments.Push(tree(wanted.origin()), buildpacks, wanted.origin());
        Build build = deployments.build(app, push, call.account().actor());
        return Answer.created(representations.build(app, build));
    }

    /// What was uploaded here, or something elsewhere that may be reached.
    Builder.Tree tree(Build.Origin origin) {
        Optional<UUID> uploaded =
                urls.ofOurs("GET", origin.url(), SecretRoutes.SOURCE_PATH).map(UUID::fromString);
        if (uploaded.isEmpty()) {
            return new Builder.Tree.Remote(
                    targets.check(origin.url(), OutboundHttp.SCHEMES), origin.checksum());
        }
        return new Builder.Tree.Upload(
                sources.find(uploaded.get())
                        .orElseThrow(() ->
                                UserError.invalid(
                                        "Nothing was uploaded to this source: PUT an archive to its"
                                                + " `put_url` first.")),
                origin.checksum());
    }

    Answer list(Call call) {
        App app = apps.find(call);
        return Answer.page(
                Page.of(builds.list(app.id()), call.range(), KEYS)
                        .map(build -> representations.build(app, build)));
    }

    Answer info(Call call) {
        App app = apps.find(call);
        return Answer.ok(representations.build(app, find(call, app)));
    }

    Answer cancel(Call call) {
        App app = apps.find(call);
        deployments.cancelBuild(find(call, app));
        return Answer.ok(representations.build(app, find(call, app)));
    }

    private Build find(Call call, App app) {
        return ReleaseEndpoints.uuid(call.path("build"))
                .flatMap(id -> builds.find(app.id(), id))
                .orElseThrow(() -> UserError.notFound("build"));
    }

    Answer purgeCache(Call call) {
        App app = apps.find(call);
        deployments.purgeBuildCache(app.id());
        return Answer.accepted();
    }
}
