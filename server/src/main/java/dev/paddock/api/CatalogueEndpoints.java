package dev.paddock.api;

import dev.paddock.apps.Stacks;
import dev.paddock.core.UserError;
import dev.paddock.dyno.DynoSize;
import java.util.List;

/// What the platform offers to everybody: stacks, regions and sizes of dynos.
final class CatalogueEndpoints {
    private final AppEndpoints apps;
    private final Representations representations;

    CatalogueEndpoints(AppEndpoints apps, Representations representations) {
        this.apps = apps;
        this.representations = representations;
    }

    Answer stacks(Call call) {
        return Answer.list(Stacks.stacks().stream().map(representations::stack).toList());
    }

    Answer stack(Call call) {
        return Answer.ok(
                representations.stack(
                        Representations.findStack(call.path("stack"))
                                .orElseThrow(() -> UserError.notFound("stack"))));
    }

    Answer appStacks(Call call) {
        apps.find(call);
        return stacks(call);
    }

    static void requireStack(String name) {
        if (!Stacks.stacks().contains(name)) {
            throw UserError.invalid(
                    "There is no stack `"
                            + name
                            + "`; choose one of "
                            + String.join(", ", Stacks.stacks())
                            + ".");
        }
    }

    Answer regions(Call call) {
        return Answer.list(Stacks.regions().stream().map(representations::region).toList());
    }

    Answer region(Call call) {
        return Answer.ok(
                representations.region(
                        Representations.findRegion(call.path("region"))
                                .orElseThrow(() -> UserError.notFound("region"))));
    }

    Answer dynoSizes(Call call) {
        return Answer.list(DynoSize.all().stream().map(representations::dynoSize).toList());
    }

    Answer dynoSize(Call call) {
        return Answer.ok(
                representations.dynoSize(
                        Representations.findSize(call.path("size"))
                                .orElseThrow(() -> UserError.notFound("dyno_size"))));
    }

    Answer appDynoSizes(Call call) {
        apps.find(call);
        return dynoSizes(call);
    }

    /// Accounts have no features of their own here; clients then look for the app's.
    Answer noFeature(Call call) {
        throw UserError.notFound("feature");
    }

    /// A list that is empty on this platform.
    Answer none(Call call) {
        return Answer.list(List.of());
    }
}
