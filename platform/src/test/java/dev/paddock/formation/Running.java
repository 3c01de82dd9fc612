package dev.paddock.formation;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.apps.Apps;
import dev.paddock.build.SlugStore;
import dev.paddock.core.Actor;
import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Slug;
import dev.paddock.core.Steps;
import dev.paddock.core.VirtualTime;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.FakeEngine;
import dev.paddock.log.RecordingLogSink;
import dev.paddock.manifold.Manifold;
import dev.paddock.manifold.ManifoldListener;
import dev.paddock.manifold.ManifoldListener.Preboot;
import dev.paddock.manifold.RestartPolicy;
import dev.paddock.releases.Releases;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/// One app, and others if need be, on a real database and a real manifold, whose engine and routers are in memory and on virtual time.
final class Running {
    final VirtualTime time = new VirtualTime();
    final FakeEngine engine = new FakeEngine(time);
    final RecordingLogSink log = new RecordingLogSink();
    final Actor ann;
    final AppId app;
    final Releases releases;
    final Formations formations;
    final Dynos dynos;
    final List<Preboot> outcomes = new ArrayList<>();
    final Apps apps;
    final Admission admission;
    final Database database = TestDatabase.fresh();
    private final InstantSource clock = InstantSource.system();
    private final Account owner;
    private final SlugStore slugs;
    private final Manifold manifold;

    Running() {
        this(FormationRules.USUAL);
    }

    Running(FormationRules rules) {
        apps = new Apps(database, clock);
        owner = new Accounts(database, clock).create("ann@example.com", "Ann");
        ann = owner.actor();
        app = another();
        releases = new Releases(database, clock);
        slugs = new SlugStore(database, directory());
        manifold = new Manifold(engine, time, Runnable::run, new Routers(), RestartPolicy.HEROKU);
        engine.listen(manifold::accept);
        admission = new Admission(database, engine, 1);
        formations =
                new Formations(
                        database,
                        clock,
                        apps,
                        slugs,
                        releases,
                        manifold,
                        log,
                        admission,
                        rules,
                        Steps.UNWATCHED);
        dynos = new Dynos(manifold, apps, releases, slugs, log, admission);
        manifold.start();
    }

    private static Path directory() {
        try {
            Path directory = Files.createTempDirectory("paddock-slugs");
            directory.toFile().deleteOnExit();
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Releases a slug with these types and commands, as a push does.
    void deploy(String... typesAndCommands) {
        releaseOnly(typesAndCommands);
        formations.released(app);
        settle();
    }

    /// As [#deploy], cut off after the release.
    void releaseOnly(String... typesAndCommands) {
        releaseOnly(app, typesAndCommands);
    }

    void releaseOnly(AppId of, String... typesAndCommands) {
        Map<ProcessType, String> types = new TreeMap<>();
        for (int i = 0; i < typesAndCommands.length; i += 2) {
            types.put(new ProcessType(typesAndCommands[i]), typesAndCommands[i + 1]);
        }
        Slug slug = add(of, types);
        releases.create(
                of,
                ann,
                newest -> new Releases.Next("Deploy", Optional.of(slug.id()), newest.config()));
    }

    AppId another() {
        return apps.create(owner, Optional.empty(), Optional.empty(), Optional.empty()).id();
    }

    private Slug add(AppId of, Map<ProcessType, String> types) {
        try {
            Path file = Files.createTempFile("slug", ".tgz");
            return slugs.add(
                    new Slug(
                            UUID.randomUUID(),
                            of,
                            "00".repeat(32),
                            0,
                            Optional.empty(),
                            "",
                            "host",
                            types,
                            "Procfile",
                            Instant.EPOCH),
                    file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void configure(Map<String, String> config) {
        releases.create(
                app,
                ann,
                newest -> new Releases.Next("Set", newest.slug(), new ConfigVars(config)));
        formations.released(app);
        settle();
    }

    void scaleOnly(Formations.Update... updates) {
        formations.scale(app, List.of(updates), ann);
    }

    /// As a start of the platform does.
    void restart() {
        formations.wantAll();
        settle();
    }

    void settle() {
        time.advance(Duration.ofSeconds(2));
    }

    List<String> running() {
        return engine.running().stream()
                .map(DynoSpec::name)
                .sorted()
                .map(Object::toString)
                .toList();
    }

    /// Routers that serve every table at once.
    private final class Routers implements ManifoldListener {
        @Override
        public void transition(DynoTransition transition) {}

        @Override
        public void changed(AppId changed) {
            time.schedule(
                    Duration.ofMillis(1),
                    () -> manifold.routed(changed, manifold.view(changed).revision()));
        }

        @Override
        public void prebooted(AppId app, Preboot outcome) {
            outcomes.add(outcome);
        }

        @Override
        public void notice(AppId app, Notice notice) {}
    }
}
