package dev.paddock.api;

import static dev.paddock.api.Route.get;
import static dev.paddock.api.Route.patch;

import dev.paddock.apps.Stacks;
import dev.paddock.core.UserError;
import dev.paddock.dyno.DynoSize;
import java.util.List;

/// What the platform offers to everybody: stacks, regions, sizes of dynos, the generation.
final class CatalogueEndpoints {
    private final AppEndpoints apps;

    CatalogueEndpoints(AppEndpoints apps) {
        this.apps = apps;
    }

    List<Route> routes() {
        return List.of(
                get("/account/features", this::none),
                get("/account/features/{feature}", this::noFeature),
                patch("/account/features/{feature}", this::noFeature),
                get("/apps/{app}/available-dyno-sizes", this::appDynoSizes),
                get("/apps/{app}/available-stacks", this::appStacks),
                get("/dyno-sizes", this::dynoSizes),
                get("/dyno-sizes/{size}", this::dynoSize),
                get("/generations", this::generations),
                get("/generations/{generation}", this::generation),
                get("/stacks", this::stacks),
                get("/stacks/{stack}", this::stack),
                get("/regions", this::regions),
                get("/regions/{region}", this::region));
    }

    private Answer stacks(Call call) {
        return Answer.list(Stacks.stacks().stream().map(CatalogueRepresentations::stack).toList());
    }

    private Answer stack(Call call) {
        return Answer.ok(
                CatalogueRepresentations.stack(
                        CatalogueRepresentations.findStack(call.path("stack"))
                                .orElseThrow(() -> UserError.notFound("stack"))));
    }

    private Answer appStacks(Call call) {
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

    private Answer regions(Call call) {
        return Answer.list(
                Stacks.regions().stream().map(CatalogueRepresentations::region).toList());
    }

    private Answer region(Call call) {
        return Answer.ok(
                CatalogueRepresentations.region(
                        CatalogueRepresentations.findRegion(call.path("region"))
                                .orElseThrow(() -> UserError.notFound("region"))));
    }

    private Answer dynoSizes(Call call) {
        return Answer.list(
                DynoSize.all().stream().map(CatalogueRepresentations::dynoSize).toList());
    }

    private Answer dynoSize(Call call) {
        return Answer.ok(
                CatalogueRepresentations.dynoSize(
                        CatalogueRepresentations.findSize(call.path("size"))
                                .orElseThrow(() -> UserError.notFound("dyno_size"))));
    }

    private Answer appDynoSizes(Call call) {
        apps.find(call);
        return dynoSizes(call);
    }

    private Answer generations(Call call) {
        return Answer.list(List.of(CatalogueRepresentations.listedGeneration()));
    }

    private Answer generation(Call call) {
        if (!CatalogueRepresentations.isGeneration(call.path("generation"))) {
            throw UserError.notFound("generation");
        }
        return Answer.ok(CatalogueRepresentations.listedGeneration());
    }

    /// Accounts have no features of their own here; clients then look for the app's.
    private Answer noFeature(Call call) {
        throw UserError.notFound("feature");
    }

    /// A list that is empty on this platform.
    private Answer none(Call call) {
        return Answer.list(List.of());
    }
}
