package dev.paddock.deploys;

import dev.paddock.accounts.Account;
import dev.paddock.apps.Stacks;
import dev.paddock.build.AppManifest;
import dev.paddock.build.Build;
import dev.paddock.build.Builder;
import dev.paddock.build.Buildpack;
import dev.paddock.build.Buildpacks;
import dev.paddock.build.Builds;
import dev.paddock.build.Manifests;
import dev.paddock.build.SlugStore;
import dev.paddock.core.Actor;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Release;
import dev.paddock.core.Slug;
import dev.paddock.core.UserError;
import dev.paddock.dyno.DynoSize;
import dev.paddock.formation.Formations;
import dev.paddock.formation.ReleaseDynos;
import dev.paddock.outbound.OutboundTargets;
import dev.paddock.releases.Releases;
import dev.paddock.store.Database;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sets apps up from trees with an `app.json`; each goes on by itself once it is begun. An app whose manifest asks for
/// what is not to be had is deleted again; one whose build or script failed stays, for its user to look at. Safe for any
/// thread.
public final class AppSetups {
    private static final Logger LOG = LoggerFactory.getLogger(AppSetups.class);

    private static final ProcessType POSTDEPLOY = new ProcessType("postdeploy");
    private static final int SECRET_BYTES = 32;
    private static final int MAX_OUTPUT = 64 * 1024;
    private static final Duration POLL = Duration.ofMillis(200);

    private final Parts parts;
    private final AppSetupRows rows;
    private final SecureRandom random = new SecureRandom();

    public AppSetups(Parts parts, Database database, InstantSource clock) {
        this.parts = parts;
        this.rows = new AppSetupRows(database, clock);
    }

    /// What set-ups are made with.
    ///
    /// @param publicUrl how apps are reached through the router, with `%s` for the app's name
    public record Parts(
            Deployments deployments,
            Manifests manifests,
            Builds builds,
            Buildpacks buildpacks,
            OutboundTargets targets,
            Releases releases,
            SlugStore slugs,
            Formations formations,
            ReleaseDynos dynos,
            String publicUrl) {}

    /// An app to be set up.
    ///
    /// @param env goes before what the manifest says
    /// @param buildpacks as env
    public record Wanted(
            Optional<AppName> name,
            Optional<String> stack,
            Optional<String> region,
            Builder.Tree tree,
            Build.Origin origin,
            Map<String, String> env,
            List<Buildpack> buildpacks) {
        public Wanted {
            env = Map.copyOf(env);
            buildpacks = List.copyOf(buildpacks);
        }
    }

    /// Those that a platform before this one did not finish have failed. To be called once at start.
    public void failInterrupted() {
        for (AppSetup setup : rows.pending()) {
            parts.dynos().stopAll(setup.app());
            rows.finish(
                    setup.id(),
                    Optional.of("The platform was restarted meanwhile; set the app up again."),
                    List.of());
        }
    }

    /// Throws UserError.notFound for a set-up of somebody else.
    public AppSetup get(Account account, UUID id) {
        return rows.find(account, id).orElseThrow(() -> UserError.notFound("app_setup"));
    }

    public AppSetup begin(Account account, Wanted wanted) {
        App app =
                parts.deployments().create(account, wanted.name(), wanted.stack(), wanted.region());
        UUID id = rows.insert(account, app);
        Thread.ofVirtual()
                .name("setup/" + app.id())
                .start(() -> run(id, app, wanted, account.actor()));
        return get(account, id);
    }

    private void run(UUID id, App app, Wanted wanted, Actor user) {
        try {
            Optional<String> failure = setUp(id, app, wanted, user);
            rows.finish(id, failure, List.of());
        } catch (Refused e) {
            delete(app, user);
            rows.finish(id, Optional.of(e.message), e.errors);
        } catch (UserError e) {
            rows.finish(id, Optional.of(e.message()), List.of());
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("Setting up app {} failed", app.id(), e);
            rows.finish(
                    id,
                    Optional.of("Something went wrong inside the platform; its log says what."),
                    List.of());
        }
    }

    private void delete(App app, Actor user) {
        try {
            parts.deployments().destroy(app, user);
        } catch (UserError e) {
            // Its user was faster, or the platform goes on with it by itself.
            LOG.info("deleting app {} that was not set up: {}", app.id(), e.message());
        }
    }

    /// Empty when all went well, else what failed.
    private Optional<String> setUp(UUID id, App app, Wanted wanted, Actor user)
            throws InterruptedException {
        AppManifest manifest;
        Builder.Tree.Upload tree;
        try {
            tree = fetch(wanted.tree());
            manifest = manifest(tree, wanted);
            prepare(app.id(), manifest, wanted, user);
        } catch (UserError e) {
            throw new Refused(e.message(), List.of());
        }
        Build begun =
                parts.deployments()
                        .build(
                                app,
                                new Deployments.Push(tree, wanted.buildpacks(), wanted.origin()),
                                user);
        rows.building(id, begun.id());
        Build built = awaitBuild(app.id(), begun.id());
        if (built.release().isEmpty()) {
            return Optional.of("The build failed; its output says why.");
        }
        Release release = awaitRelease(app.id(), built.release().get());
        if (release.status() == Release.Status.FAILED) {
            return Optional.of("The release command failed; the app's log says why.");
        }
        scale(app.id(), manifest, user);
        Optional<String> failure = postdeploy(id, release, manifest);
        if (failure.isEmpty()) {
            manifest.successUrl().ifPresent(url -> rows.successUrl(id, resolved(app, url)));
        }
        return failure;
    }

    private Builder.Tree.Upload fetch(Builder.Tree tree) {
        return switch (tree) {
            case Builder.Tree.Upload upload -> upload;
            case Builder.Tree.Remote remote -> parts.manifests().fetch(remote);
            case Builder.Tree.Tar _ ->
                    throw new IllegalStateException("Set-ups are made from archives alone");
        };
    }

    private AppManifest manifest(Builder.Tree.Upload tree, Wanted wanted) {
        byte[] json =
                parts.manifests()
                        .read(tree.file())
                        .orElseThrow(() -> refused(List.of("there is no app.json in the source")));
        AppManifest.Parsed parsed = AppManifest.parse(json);
        AppManifest manifest = parsed.manifest().orElseThrow(() -> refused(parsed.errors()));
        if (!manifest.addOns().isEmpty()) {
            throw new Refused(
                    "Couldn't find either the add-on service or the add-on plan of \""
                            + manifest.addOns().getFirst()
                            + "\": this platform has no add-ons yet. Nothing was set up.",
                    List.of());
        }
        if (wanted.stack().isEmpty()
                && manifest.stack().filter(name -> !Stacks.stacks().contains(name)).isPresent()) {
            throw refused(
                    List.of(
                            "there is no stack "
                                    + manifest.stack().get()
                                    + " here; `app.stack` of the request goes before it: "
                                    + String.join(", ", Stacks.stacks())));
        }
        return manifest;
    }

    private static Refused refused(List<String> errors) {
        return new Refused("The app.json is not valid. Nothing was set up.", errors);
    }

    /// What must be there before the first build.
    private void prepare(AppId app, AppManifest manifest, Wanted wanted, Actor user) {
        Supplier<String> secret =
                () -> {
                    byte[] bytes = new byte[SECRET_BYTES];
                    random.nextBytes(bytes);
                    return HexFormat.of().formatHex(bytes);
                };
        manifest.formation().values().forEach(scale -> scale.size().ifPresent(AppSetups::size));
        Map<String, Optional<String>> config = manifest.config(wanted.env(), secret);
        if (!config.isEmpty()) {
            Release _ = parts.deployments().configure(app, config, user);
        }
        List<Buildpack> packs =
                wanted.buildpacks().isEmpty()
                        ? manifest.buildpacks().stream()
                                .map(text -> Buildpack.parse(text, parts.targets()))
                                .toList()
                        : wanted.buildpacks();
        if (!packs.isEmpty()) {
            List<Buildpack> _ = parts.buildpacks().set(app, packs);
        }
    }

    private static DynoSize size(String name) {
        return DynoSize.named(name)
                .orElseThrow(() -> UserError.invalid("There is no dyno size `" + name + "`."));
    }

    private Build awaitBuild(AppId app, UUID build) throws InterruptedException {
        while (true) {
            Build now =
                    parts.builds().find(app, build).orElseThrow(() -> UserError.notFound("app"));
            if (now.status() != Build.Status.PENDING) {
                return now;
            }
            Thread.sleep(POLL);
        }
    }

    private Release awaitRelease(AppId app, UUID release) throws InterruptedException {
        while (true) {
            Release now =
                    parts.releases()
                            .find(app, release.toString())
                            .orElseThrow(() -> UserError.notFound("app"));
            if (now.status() != Release.Status.PENDING) {
                return now;
            }
            Thread.sleep(POLL);
        }
    }

    private void scale(AppId app, AppManifest manifest, Actor user) {
        List<Formations.Update> updates =
                manifest.formation().entrySet().stream()
                        .filter(entry ->
                                entry.getValue().quantity().isPresent()
                                        || entry.getValue().size().isPresent())
                        .map(entry ->
                                new Formations.Update(
                                        new ProcessType(entry.getKey()),
                                        entry.getValue()
                                                .quantity()
                                                .map(number ->
                                                        new Formations.Quantity(number, false)),
                                        entry.getValue().size().map(AppSetups::size)))
                        .toList();
        if (!updates.isEmpty()) {
            var _ = parts.formations().scale(app, updates, user);
        }
    }

    private Optional<String> postdeploy(UUID id, Release release, AppManifest manifest)
            throws InterruptedException {
        if (manifest.postdeploy().isEmpty()) {
            return Optional.empty();
        }
        Slug slug =
                release.slug()
                        .flatMap(parts.slugs()::find)
                        .orElseThrow(() -> UserError.notFound("app"));
        StringBuilder output = new StringBuilder();
        ReleaseDynos.Outcome outcome =
                parts.dynos()
                        .run(
                                release,
                                slug,
                                POSTDEPLOY,
                                manifest.postdeploy().get(),
                                line -> {
                                    if (output.length() + line.length() < MAX_OUTPUT) {
                                        output.append(line).append('\n');
                                    }
                                });
        int exitCode =
                switch (outcome) {
                    case ReleaseDynos.Outcome.Succeeded _ -> 0;
                    case ReleaseDynos.Outcome.Failed(_, int status) -> status;
                    case ReleaseDynos.Outcome.TookTooLong _, ReleaseDynos.Outcome.Lost _ -> 1;
                };
        rows.postdeploy(id, new AppSetup.Postdeploy(output.toString(), exitCode));
        return exitCode == 0
                ? Optional.empty()
                : Optional.of(
                        "The postdeploy script failed: it ended with status " + exitCode + ".");
    }

    private String resolved(App app, String url) {
        String own = parts.publicUrl().replace("%s", app.name().value());
        return url.startsWith("/") ? own + url.substring(1) : url;
    }

    /// Nothing comes of the app: it is deleted.
    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final String message;
        private final transient List<String> errors;

        Refused(String message, List<String> errors) {
            super(message);
            this.message = message;
            this.errors = errors;
        }
    }
}
