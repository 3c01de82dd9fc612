package dev.paddock.server;

import dev.paddock.core.AppId;
import dev.paddock.domains.RoutePublisher;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.formation.DynoJournal;
import dev.paddock.manifold.ManifoldListener;
import dev.paddock.metering.DynoRecord;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Takes the manifold's facts to all who need them: the record in the database, the app's log, the routes.
final class ManifoldFacts implements ManifoldListener {
    private final DynoRecord record;
    private final DynoJournal journal;
    private volatile @Nullable RoutePublisher routes;
    private volatile Consumer<DynoTransition> watcher = _ -> {};

    ManifoldFacts(DynoRecord record, DynoJournal journal) {
        this.record = record;
        this.journal = journal;
    }

    /// Called once, before the manifold starts: the publisher reads the manifold's views and so is made after it.
    void connect(RoutePublisher publisher) {
        routes = publisher;
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
