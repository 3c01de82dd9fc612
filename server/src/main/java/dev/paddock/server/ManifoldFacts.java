package dev.paddock.server;

import dev.paddock.core.AppId;
import dev.paddock.deploys.PrebootOutcomes;
import dev.paddock.domains.RoutePublisher;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.formation.DynoJournal;
import dev.paddock.formation.ReleaseDynos;
import dev.paddock.manifold.ManifoldListener;
import dev.paddock.metering.DynoRecord;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Takes the manifold's facts to all who need them: the record in the database, the app's log, the routes.
final class ManifoldFacts implements ManifoldListener {
    private final DynoRecord record;
    private final DynoJournal journal;
    private volatile @Nullable ReleaseDynos releaseDynos;
    private volatile @Nullable RoutePublisher routes;
    private volatile @Nullable PrebootOutcomes preboots;
    private volatile Consumer<DynoTransition> watcher = _ -> {};

    ManifoldFacts(DynoRecord record, DynoJournal journal) {
        this.record = record;
        this.journal = journal;
    }

    /// Called once, before the manifold starts: all read the manifold's views and so are made after it.
    void connect(RoutePublisher publisher, ReleaseDynos dynos, PrebootOutcomes outcomes) {
        routes = publisher;
        releaseDynos = dynos;
        preboots = outcomes;
    }

    /// Whoever else hears of transitions; it must not block.
    void watch(Consumer<DynoTransition> heard) {
        watcher = heard;
    }

    @Override
    public void transition(DynoTransition transition) {
        boolean isNew = record.store(transition);
        journal.transition(transition, isNew);
        if (isNew) {
            watcher.accept(transition);
        }
        ReleaseDynos dynos = releaseDynos;
        if (dynos != null) {
            dynos.transition(transition);
        }
    }

    @Override
    public void prebooted(AppId app, Preboot outcome) {
        PrebootOutcomes outcomes = preboots;
        if (outcomes != null) {
            outcomes.ended(app, outcome);
        }
    }

    @Override
    public void changed(AppId app) {
        RoutePublisher publisher = routes;
        if (publisher != null) {
            publisher.dynosChanged(app);
        }
    }

    @Override
    public void notice(AppId app, Notice notice) {
        journal.notice(app, notice);
    }
}
