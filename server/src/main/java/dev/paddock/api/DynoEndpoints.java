package dev.paddock.api;

import dev.paddock.attach.Rendezvous;
import dev.paddock.core.App;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Release;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.UserError;
import dev.paddock.dyno.DynoName;
import dev.paddock.formation.Dynos;
import dev.paddock.formation.FormationEntry;
import dev.paddock.formation.Formations;
import dev.paddock.manifold.DynoView;
import dev.paddock.releases.Releases;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/// The formation of an app and its dynos.
final class DynoEndpoints {
    private static final List<Page.Key<FormationEntry>> FORMATION_KEYS =
            List.of(
                    Page.Key.text("type", entry -> entry.type().value()),
                    Page.Key.text("id", entry -> entry.id().toString()));
    private static final List<Page.Key<DynoView>> DYNO_KEYS =
            List.of(
                    new Page.Key<>(
                            "name",
                            dyno -> dyno.name().toString(),
                            Comparator.comparing(DynoEndpoints::sortable)),
                    Page.Key.text("id", dyno -> dyno.id().toString()));

    private final AppEndpoints apps;
    private final Formations formations;
    private final Dynos dynos;
    private final Releases releases;
    private final Rendezvous rendezvous;
    private final Representations representations;

    DynoEndpoints(
            AppEndpoints apps,
            Formations formations,
            Dynos dynos,
            Releases releases,
            Rendezvous rendezvous,
            Representations representations) {
        this.apps = apps;
        this.formations = formations;
        this.dynos = dynos;
        this.releases = releases;
        this.rendezvous = rendezvous;
        this.representations = representations;
    }

    Answer formation(Call call) {
        App app = apps.find(call);
        return Answer.page(
                Page.of(formations.list(app.id()), call.range(), FORMATION_KEYS)
                        .map(entry -> representations.formation(app, entry)));
    }

    Answer formationEntry(Call call) {
        App app = apps.find(call);
        return Answer.ok(representations.formation(app, findEntry(call, app)));
    }

    private FormationEntry findEntry(Call call, App app) {
        String wanted = call.path("type");
        return formations.list(app.id()).stream()
                .filter(entry ->
                        entry.type().value().equals(wanted) || entry.id().toString().equals(wanted))
                .findFirst()
                .orElseThrow(() -> UserError.notFound("formation"));
    }

    Answer scale(Call call) {
        App app = apps.find(call);
        List<Formations.Update> updates = Representations.formationUpdates(call.fields());
        return Answer.list(
                scale(call, app, updates).stream()
                        .map(entry -> representations.formation(app, entry))
                        .toList());
    }

    Answer scaleOne(Call call) {
        App app = apps.find(call);
        FormationEntry entry = findEntry(call, app);
        Formations.Update update = Representations.formationUpdate(entry.type(), call.fields());
        return Answer.ok(
                representations.formation(app, scale(call, app, List.of(update)).getFirst()));
    }

    /// The entries that the updates name, as they are afterwards.
    private List<FormationEntry> scale(Call call, App app, List<Formations.Update> updates) {
        var types = updates.stream().map(Formations.Update::type).collect(Collectors.toSet());
        return formations.scale(app.id(), updates, call.account().actor()).stream()
                .filter(entry -> types.contains(entry.type()))
                .toList();
    }

    Answer list(Call call) {
        App app = apps.find(call);
        Map<ReleaseVersion, Optional<UUID>> ids = new HashMap<>();
        return Answer.page(
                Page.of(dynos.list(app.id()), call.range(), DYNO_KEYS)
                        .map(dyno ->
                                representations.dyno(
                                        app,
                                        dyno,
                                        ids.computeIfAbsent(
                                                dyno.release(), version -> releaseId(app, version)),
                                        Optional.empty())));
    }

    Answer info(Call call) {
        App app = apps.find(call);
        DynoView dyno = dynos.get(app.id(), call.path("dyno"));
        return Answer.ok(
                representations.dyno(app, dyno, releaseId(app, dyno.release()), Optional.empty()));
    }

    Answer run(Call call) {
        App app = apps.find(call);
        Representations.NewDyno wanted = Representations.newDyno(call.fields());
        DynoView dyno = dynos.run(app.id(), wanted.oneOff(), call.account().actor());
        Optional<String> attachUrl =
                wanted.attach()
                        ? Optional.of(
                                rendezvous.expect(app.id(), dyno.id(), wanted.oneOff().stdio()))
                        : Optional.empty();
        return Answer.created(
                representations.dyno(app, dyno, releaseId(app, dyno.release()), attachUrl));
    }

    private Optional<UUID> releaseId(App app, ReleaseVersion version) {
        return releases.find(app.id(), version.toString()).map(Release::id);
    }

    Answer restart(Call call) {
        App app = apps.find(call);
        dynos.restart(app.id(), type(call), name(call, app), call.account().actor());
        return Answer.accepted();
    }

    Answer stop(Call call) {
        App app = apps.find(call);
        dynos.stop(app.id(), type(call), name(call, app), call.account().actor());
        return Answer.accepted();
    }

    private static Optional<ProcessType> type(Call call) {
        return call.pathIfAny("type").map(ProcessType::new);
    }

    private Optional<DynoName> name(Call call, App app) {
        return call.pathIfAny("dyno").map(nameOrId -> dynos.get(app.id(), nameOrId).name());
    }

    /// Orders `web.2` before `web.10`.
    private static String sortable(String name) {
        int dot = name.lastIndexOf('.');
        return name.substring(0, dot + 1) + "%10s".formatted(name.substring(dot + 1));
    }
}
