package dev.paddock.api;

import static dev.paddock.api.Route.delete;
import static dev.paddock.api.Route.get;
import static dev.paddock.api.Route.patch;
import static dev.paddock.api.Route.post;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.apps.AppTransfers;
import dev.paddock.apps.Apps;
import dev.paddock.apps.Collaborators;
import dev.paddock.apps.Permission;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import dev.paddock.pipelines.Coupling;
import dev.paddock.pipelines.Couplings;
import dev.paddock.pipelines.Pipeline;
import dev.paddock.pipelines.Pipelines;
import dev.paddock.pipelines.Stage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Pipelines, the config of their stages, and which apps are in them.
final class PipelineEndpoints {
    private static final List<Page.Key<Pipeline>> PIPELINE_KEYS =
            List.of(
                    Page.Key.text("id", pipeline -> pipeline.id().toString()),
                    Page.Key.text("name", Pipeline::name));
    private static final List<Page.Key<Coupling>> COUPLING_KEYS =
            List.of(Page.Key.text("id", coupling -> coupling.id().toString()));
    private static final Set<Permission> COUPLE = Set.of(Permission.DEPLOY, Permission.OPERATE);

    private final Accounts accounts;
    private final Apps apps;
    private final Collaborators collaborators;
    private final AppTransfers transfers;
    private final Pipelines pipelines;
    private final Couplings couplings;
    private final Representations representations;
    private final PipelineRepresentations json = new PipelineRepresentations();

    PipelineEndpoints(
            ApiServer.Access access,
            Apps apps,
            Pipelines pipelines,
            Couplings couplings,
            Representations representations) {
        this.accounts = access.accounts();
        this.collaborators = access.collaborators();
        this.transfers = access.transfers();
        this.apps = apps;
        this.pipelines = pipelines;
        this.couplings = couplings;
        this.representations = representations;
    }

    List<Route> routes() {
        return List.of(
                post("/pipelines", this::create),
                get("/pipelines", this::list),
                get("/pipelines/{pipeline}", this::info),
                patch("/pipelines/{pipeline}", this::update),
                delete("/pipelines/{pipeline}", this::remove),
                post("/pipeline-transfers", this::transfer),
                get("/pipelines/{pipeline}/stage/{stage}/config-vars", this::config),
                patch("/pipelines/{pipeline}/stage/{stage}/config-vars", this::configure),
                get("/pipelines/{pipeline}/pipeline-stack", this::stack),
                get("/pipelines/{pipeline}/pipeline-couplings", this::couplingsOfPipeline),
                get("/users/{user}/pipeline-couplings", this::allCouplings),
                get("/pipeline-couplings", this::allCouplings),
                post("/pipeline-couplings", this::couple),
                get("/pipeline-couplings/{coupling}", this::coupling),
                patch("/pipeline-couplings/{coupling}", this::move),
                delete("/pipeline-couplings/{coupling}", this::uncouple),
                get("/apps/{app}/pipeline-couplings", this::couplingOfApp),
                post("/filters/apps", this::filterApps));
    }

    private Answer create(Call call) {
        Fields fields = call.fields();
        Optional<String> owner = PipelineRepresentations.owner(fields);
        if (owner.isPresent() && !owner.get().equals(call.account().id().toString())) {
            throw UserError.invalid("A new pipeline belongs to who makes it.");
        }
        return Answer.created(
                json.pipeline(
                        pipelines.create(call.account(), PipelineRepresentations.name(fields))));
    }

    /// The CLI finds a pipeline by `eq[name]`.
    private Answer list(Call call) {
        Optional<String> name = call.query("eq[name]");
        List<Pipeline> found =
                pipelines.list(call.account()).stream()
                        .filter(pipeline -> name.map(pipeline.name()::equals).orElse(true))
                        .toList();
        return Answer.page(Page.of(found, call.range(), PIPELINE_KEYS).map(json::pipeline));
    }

    private Pipeline find(Call call) {
        return pipelines.get(call.account(), call.path("pipeline"));
    }

    private Pipeline owned(Call call) {
        return pipelines.owned(call.account(), call.path("pipeline"));
    }

    private Answer info(Call call) {
        return Answer.ok(json.pipeline(find(call)));
    }

    private Answer update(Call call) {
        Pipeline pipeline = owned(call);
        Optional<String> name = PipelineRepresentations.newName(call.fields());
        return Answer.ok(
                json.pipeline(name.isEmpty() ? pipeline : pipelines.rename(pipeline, name.get())));
    }

    private Answer remove(Call call) {
        Pipeline pipeline = owned(call);
        pipelines.remove(pipeline);
        return Answer.ok(json.pipeline(pipeline));
    }

    /// The owner's apps go with the pipeline. Only somebody who works with the owner already can be given it.
    private Answer transfer(Call call) {
        var wanted = PipelineRepresentations.newTransfer(call.fields());
        Pipeline pipeline = pipelines.owned(call.account(), wanted.pipeline());
        Account heir =
                accounts.find(wanted.owner())
                        .filter(found -> collaborators.acquainted(call.account().id(), found.id()))
                        .orElseThrow(() -> UserError.notFound("user"));
        for (App app : visible(call, couplings.of(pipeline)).values()) {
            if (app.owner().id().equals(call.account().id())) {
                transfers.give(app, call.account(), heir);
            }
        }
        pipelines.giveTo(pipeline, heir.id());
        return Answer.created(json.transfer(pipeline, pipeline.owner(), heir.id()));
    }

    private Answer config(Call call) {
        return Answer.ok(Representations.config(pipelines.config(owned(call), stage(call))));
    }

    private Answer configure(Call call) {
        return Answer.ok(
                Representations.config(
                        pipelines.configure(owned(call), stage(call), call.fields().texts())));
    }

    private static Stage stage(Call call) {
        return Stage.parse(call.path("stage"));
    }

    /// That of the first app, which new ones are to be like.
    private Answer stack(Call call) {
        List<Coupling> coupled = couplings.of(find(call));
        return visible(call, coupled).values().stream()
                .findFirst()
                .map(app -> Answer.ok(json.stack(representations, app)))
                .orElseThrow(() -> UserError.notFound("stack"));
    }

    private Answer couplingsOfPipeline(Call call) {
        return couplings(call, couplings.of(find(call)));
    }

    private Answer allCouplings(Call call) {
        AccountEndpoints.requireSelf(call);
        return couplings(
                call,
                pipelines.list(call.account()).stream()
                        .flatMap(pipeline -> couplings.of(pipeline).stream())
                        .toList());
    }

    private Answer couplings(Call call, List<Coupling> all) {
        Set<AppId> visible = visible(call, all).keySet();
        return Answer.page(
                Page.of(
                                all.stream()
                                        .filter(coupling -> visible.contains(coupling.app()))
                                        .toList(),
                                call.range(),
                                COUPLING_KEYS)
                        .map(json::coupling));
    }

    private Map<AppId, App> visible(Call call, List<Coupling> coupled) {
        Set<AppId> wanted = coupled.stream().map(Coupling::app).collect(Collectors.toSet());
        return apps.list(call.account()).stream()
                .filter(app -> wanted.contains(app.id()))
                .collect(Collectors.toMap(App::id, Function.identity()));
    }

    private Answer couple(Call call) {
        var wanted = PipelineRepresentations.newCoupling(call.fields());
        Pipeline pipeline = pipelines.get(call.account(), wanted.pipeline());
        App app = apps.get(call.account(), wanted.app(), COUPLE);
        return Answer.created(json.coupling(couplings.couple(pipeline, app, wanted.stage())));
    }

    private Coupling find(Call call, Set<Permission> anyOf) {
        String id = call.path("coupling");
        Coupling found =
                pipelines.list(call.account()).stream()
                        .flatMap(pipeline -> couplings.of(pipeline).stream())
                        .filter(coupling -> coupling.id().toString().equalsIgnoreCase(id))
                        .findFirst()
                        .orElseThrow(() -> UserError.notFound("pipeline_coupling"));
        apps.get(call.account(), found.app().toString(), anyOf);
        return found;
    }

    private Answer coupling(Call call) {
        return Answer.ok(json.coupling(find(call, Set.of(Permission.VIEW))));
    }

    private Answer move(Call call) {
        Coupling coupling = find(call, COUPLE);
        Stage stage = PipelineRepresentations.stage(call.fields());
        return Answer.ok(json.coupling(couplings.move(coupling, stage)));
    }

    private Answer uncouple(Call call) {
        Coupling coupling = find(call, COUPLE);
        couplings.remove(coupling);
        return Answer.ok(json.coupling(coupling));
    }

    /// The CLI takes "not found" as "in no pipeline".
    private Answer couplingOfApp(Call call) {
        App app = apps.get(call.account(), call.path("app"));
        return Answer.ok(
                json.coupling(
                        couplings
                                .of(app.id())
                                .orElseThrow(() -> UserError.notFound("pipeline_coupling"))));
    }

    private Answer filterApps(Call call) {
        Set<String> ids = Set.copyOf(PipelineRepresentations.appIds(call.fields()));
        List<App> found =
                apps.list(call.account()).stream()
                        .filter(app -> ids.contains(app.id().toString()))
                        .toList();
        return Answer.page(
                Page.of(found, call.range(), AppEndpoints.APP_KEYS)
                        .map(app -> json.found(representations, app)));
    }

    static Optional<UUID> uuid(String text) {
        try {
            return Optional.of(UUID.fromString(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
