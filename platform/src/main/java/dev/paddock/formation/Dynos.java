package dev.paddock.formation;

import dev.paddock.apps.Apps;
import dev.paddock.build.SlugStore;
import dev.paddock.core.Actor;
import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Release;
import dev.paddock.core.Slug;
import dev.paddock.core.UserError;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.Stdio;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSink;
import dev.paddock.log.LogSource;
import dev.paddock.manifold.DynoView;
import dev.paddock.manifold.Manifold;
import dev.paddock.releases.Releases;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// What users do to dynos: look, run one-offs, restart and stop. Safe for any thread.
public final class Dynos {
    private static final int FIRST_NUMBER = 1000;
    private static final int NUMBERS = 9000;

    private static final Pattern FIRST_WORD = Pattern.compile("^\\s*([A-Za-z0-9_-]+)(?=\\s|$)");

    private final Manifold manifold;
    private final DynoMetadata metadata;
    private final Releases releases;
    private final SlugStore slugs;
    private final LogSink log;
    private final Admission admission;
    private final Object naming = new Object();

    public Dynos(
            Manifold manifold,
            Apps apps,
            Releases releases,
            SlugStore slugs,
            LogSink log,
            Admission admission) {
        this.manifold = manifold;
        this.metadata = new DynoMetadata(apps);
        this.releases = releases;
        this.slugs = slugs;
        this.log = log;
        this.admission = admission;
    }

    /// The app's dynos as `heroku ps` shows them, sorted by name; no build dynos.
    public List<DynoView> list(AppId app) {
        return manifold.view(app).dynos();
    }

    /// By name or id; throws UserError.notFound("dyno").
    public DynoView get(AppId app, String nameOrId) {
        return list(app).stream()
                .filter(dyno ->
                        dyno.name().toString().equals(nameOrId)
                                || dyno.id().toString().equalsIgnoreCase(nameOrId))
                .findFirst()
                .orElseThrow(() -> UserError.notFound("dyno"));
    }

    /// Starts a one-off. A first word of the command that is a process type stands for that type's command. Throws
    /// UserError when the app has no slug, or no memory is free for it.
    public DynoView run(AppId app, OneOff oneOff, Actor user) {
        Release release = releases.current(app);
        Slug slug =
                release.slug()
                        .flatMap(slugs::find)
                        .orElseThrow(() ->
                                UserError.invalid(
                                        "Cannot run a command: the app has no code yet."
                                                + " Deploy it first with git push heroku"
                                                + " main."));
        if (oneOff.command().isBlank()) {
            throw UserError.invalid("Cannot run an empty command.");
        }
        DynoSize size = oneOff.size().orElse(DynoSize.DEFAULT);
        admission.requireOneOff(size);
        String command = expand(oneOff.command(), slug.processTypes());
        Map<String, String> environment = new TreeMap<>(metadata.of(release, slug));
        environment.putAll(RunningReleases.environment(release.config()));
        environment.putAll(new ConfigVars(oneOff.environment()).values());
        DynoSpec spec;
        synchronized (naming) {
            DynoName name = unusedName(app, oneOff.type().orElse(ProcessType.RUN));
            spec =
                    new DynoSpec(
                            DynoId.random(),
                            app,
                            name,
                            DynoKind.ONE_OFF,
                            release.version(),
                            size,
                            command,
                            environment,
                            Optional.of(slugs.ref(slug)),
                            slug.stack(),
                            oneOff.stdio(),
                            false,
                            List.of());
            manifold.run(spec);
        }
        Instant now = Instant.now();
        log.write(
                LogLine.of(
                        app,
                        now,
                        LogSource.APP,
                        "api",
                        "Starting process with command `" + command + "` by user " + user.email()));
        return new DynoView(
                spec.id(),
                spec.name(),
                spec.kind(),
                spec.size(),
                spec.release(),
                command,
                DynoState.STARTING,
                now,
                Optional.empty(),
                false,
                false);
    }

    private static String expand(String command, Map<ProcessType, String> types) {
        var word = FIRST_WORD.matcher(command);
        if (!word.find() || word.group(1).length() > ProcessType.MAX_LENGTH) {
            return command;
        }
        return Optional.ofNullable(types.get(new ProcessType(word.group(1))))
                .map(its -> its + command.substring(word.end()))
                .orElse(command);
    }

    private DynoName unusedName(AppId app, ProcessType type) {
        Set<DynoName> used = list(app).stream().map(DynoView::name).collect(Collectors.toSet());
        int first = ThreadLocalRandom.current().nextInt(NUMBERS);
        for (int offset = 0; offset < NUMBERS; offset++) {
            DynoName name = new DynoName(type, FIRST_NUMBER + (first + offset) % NUMBERS);
            if (!used.contains(name)) {
                return name;
            }
        }
        throw UserError.invalid("Cannot run one more " + type + " dyno: all names are in use.");
    }

    /// No selector: all formation dynos. Throws UserError.notFound for an unknown dyno or type.
    public void restart(
            AppId app, Optional<ProcessType> type, Optional<DynoName> name, Actor user) {
        select(app, type, name);
        manifold.restart(app, type, name);
    }

    /// One dyno, or all formation dynos of a type. Throws UserError.notFound for an unknown dyno or type.
    public void stop(AppId app, Optional<ProcessType> type, Optional<DynoName> name, Actor user) {
        for (DynoView dyno : select(app, type, name)) {
            if (name.isPresent() || dyno.kind() == DynoKind.FORMATION) {
                manifold.stop(app, dyno.name());
            }
        }
    }

    private List<DynoView> select(AppId app, Optional<ProcessType> type, Optional<DynoName> name) {
        List<DynoView> selected =
                list(app).stream()
                        .filter(dyno -> type.map(dyno.name().type()::equals).orElse(true))
                        .filter(dyno -> name.map(dyno.name()::equals).orElse(true))
                        .toList();
        if (name.isPresent() && selected.isEmpty()) {
            throw UserError.notFound("dyno");
        }
        if (type.isPresent() && selected.isEmpty() && !isType(app, type.get())) {
            throw new UserError(
                    "not_found",
                    "Couldn't find that process type (" + type.get() + ").",
                    "formation");
        }
        return selected;
    }

    private boolean isType(AppId app, ProcessType type) {
        return releases.current(app)
                .slug()
                .flatMap(slugs::find)
                .filter(slug -> slug.processTypes().containsKey(type))
                .isPresent();
    }

    /// What to run once.
    public record OneOff(
            String command,
            Map<String, String> environment,
            Optional<DynoSize> size,
            Optional<ProcessType> type,
            Stdio stdio) {}
}
