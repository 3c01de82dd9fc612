package dev.paddock.formation;

import dev.paddock.build.SlugStore;
import dev.paddock.core.Actor;
import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.Stdio;
import dev.paddock.log.LogSink;
import dev.paddock.manifold.DynoView;
import dev.paddock.manifold.Manifold;
import dev.paddock.releases.Releases;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What users do to dynos: look, run one-offs, restart and stop. Safe for any thread.
public final class Dynos {
    public Dynos(Manifold manifold, Releases releases, SlugStore slugs, LogSink log) {
        throw new UnsupportedOperationException();
    }

    /// The app's dynos as `heroku ps` shows them, sorted by name; no build dynos.
    public List<DynoView> list(AppId app) {
        throw new UnsupportedOperationException();
    }

    /// By name or id; throws UserError.notFound("dyno").
    public DynoView get(AppId app, String nameOrId) {
        throw new UnsupportedOperationException();
    }

    /// Starts a one-off. A first word of the command that is a process type stands for that type's command. Throws
    /// UserError when the app has no slug.
    public DynoView run(AppId app, OneOff oneOff, Actor user) {
        throw new UnsupportedOperationException();
    }

    /// No selector: all formation dynos. Throws UserError.notFound for an unknown dyno or type.
    public void restart(
            AppId app, Optional<ProcessType> type, Optional<DynoName> name, Actor user) {
        throw new UnsupportedOperationException();
    }

    public void stop(AppId app, Optional<ProcessType> type, Optional<DynoName> name, Actor user) {
        throw new UnsupportedOperationException();
    }

    /// What to run once.
    public record OneOff(
            String command,
            Map<String, String> environment,
            Optional<DynoSize> size,
            Optional<ProcessType> type,
            Stdio stdio) {}
}
