package dev.paddock.api;

import dev.paddock.build.Buildpack;
import dev.paddock.build.Buildpacks;
import dev.paddock.core.App;
import dev.paddock.outbound.OutboundTargets;
import java.util.List;
import java.util.stream.IntStream;

/// The buildpacks that an app's builds use, in order.
final class BuildpackEndpoints {
    private final AppEndpoints apps;
    private final Buildpacks buildpacks;
    private final OutboundTargets targets;

    BuildpackEndpoints(AppEndpoints apps, Buildpacks buildpacks, OutboundTargets targets) {
        this.apps = apps;
        this.buildpacks = buildpacks;
        this.targets = targets;
    }

    Answer list(Call call) {
        return answer(buildpacks.list(apps.find(call).id()));
    }

    Answer set(Call call) {
        App app = apps.find(call);
        List<Buildpack> wanted =
                BuildRepresentations.buildpacks(call.fields()).stream()
                        .map(text -> Buildpack.parse(text, targets))
                        .toList();
        return answer(buildpacks.set(app.id(), wanted));
    }

    private static Answer answer(List<Buildpack> installed) {
        return Answer.list(
                IntStream.range(0, installed.size())
                        .mapToObj(i -> BuildRepresentations.installation(installed.get(i), i))
                        .toList());
    }
}
