package dev.paddock.formation;

import dev.paddock.apps.Feature;
import dev.paddock.core.AppId;
import dev.paddock.dyno.DynoId;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSink;
import dev.paddock.log.LogSource;
import dev.paddock.manifold.AppView;
import dev.paddock.manifold.Desired;
import dev.paddock.manifold.DynoView;
import dev.paddock.manifold.Manifold;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/// Whether new web dynos of an app come up beside its old ones (dynos.md section 4). Safe for any thread.
final class Preboots {
    private final Manifold manifold;
    private final Admission admission;
    private final LogSink log;
    private final InstantSource clock;

    /// Guarded by itself.
    private final MemoryPromises promises = new MemoryPromises();

    Preboots(Manifold manifold, Admission admission, LogSink log, InstantSource clock) {
        this.manifold = manifold;
        this.admission = admission;
        this.log = log;
        this.clock = clock;
    }

    /// As the user switched it, else for two web dynos and more; not while the memory for both sets is not there, which
    /// the app's log then says.
    boolean isOn(Handle handle, Desired desired, Optional<Boolean> switched) {
        Optional<Desired.Type> web = desired.web();
        int quantity = web.map(Desired.Type::quantity).orElse(0);
        if (!switched.orElse(quantity >= Feature.PREBOOT_DYNOS) || web.isEmpty()) {
            return false;
        }
        if (!wouldBegin(desired, web.get())) {
            return true;
        }
        boolean hasRoom = promise(handle, desired.app(), quantity * web.get().size().memoryBytes());
        if (!hasRoom) {
            log.write(
                    LogLine.of(
                            desired.app(),
                            clock.instant(),
                            LogSource.APP,
                            "api",
                            "Preboot is left out: there is no memory for old and new web dynos at"
                                    + " once"));
        }
        return hasRoom;
    }

    private boolean promise(Handle handle, AppId app, long bytes) {
        Instant now = clock.instant();
        synchronized (promises) {
            if (!admission.hasRoom(handle, bytes + promises.toOthers(app, now))) {
                return false;
            }
            promises.make(app, bytes, now);
            return true;
        }
    }

    /// One that is under way has its memory, also when a newer release overtakes it.
    private boolean wouldBegin(Desired desired, Desired.Type web) {
        return desired.asleep().isEmpty()
                && manifold.view(desired.app()).routes().stream()
                        .filter(DynoView::routable)
                        .anyMatch(dyno ->
                                desired.outdates(web, dyno.release(), dyno.size(), dyno.command()))
                && !isUnderWay(desired.app());
    }

    /// Whether new web dynos are coming up beside those that serve.
    boolean isUnderWay(AppId app) {
        AppView view = manifold.view(app);
        Set<DynoId> seen = view.dynos().stream().map(DynoView::id).collect(Collectors.toSet());
        return view.routes().stream().anyMatch(dyno -> !seen.contains(dyno.id()));
    }
}
