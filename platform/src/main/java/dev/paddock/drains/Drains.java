package dev.paddock.drains;

import dev.paddock.core.AppId;
import dev.paddock.core.Timers;
import dev.paddock.core.UserError;
import dev.paddock.logs.LogHub;
import dev.paddock.outbound.OutboundTargets;
import java.net.URI;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLSocketFactory;

/// All log drains and their work. Safe for any thread.
public final class Drains implements AutoCloseable {
    private final LogDrains rows;
    private final LogHub logs;
    private final OutboundTargets targets;
    private final DrainSocket.Parts parts;
    private final DrainLimits limits;
    private final InstantSource clock;
    private final Map<UUID, RunningDrain> running = new ConcurrentHashMap<>();

    public Drains(
            LogDrains rows,
            LogHub logs,
            OutboundTargets targets,
            Timers timers,
            InstantSource clock) {
        this(
                rows,
                logs,
                new DrainSocket.Parts(
                        targets,
                        timers,
                        (SSLSocketFactory) SSLSocketFactory.getDefault(),
                        AnyCertificate.sockets()),
                DrainLimits.HEROKU,
                clock);
    }

    Drains(
            LogDrains rows,
            LogHub logs,
            DrainSocket.Parts parts,
            DrainLimits limits,
            InstantSource clock) {
        this.rows = rows;
        this.logs = logs;
        this.targets = parts.targets();
        this.parts = parts;
        this.limits = limits;
        this.clock = clock;
    }

    /// Goes on with all that were added before.
    public void start() {
        rows.all().forEach(drain -> start(drain, logs.end(drain.app())));
    }

    public List<LogDrain> list(AppId app) {
        return rows.list(app);
    }

    /// By URL, token or id.
    public Optional<LogDrain> find(AppId app, String key) {
        return rows.find(app, key);
    }

    /// Lines that come from now on go there. Throws UserError for a URL that cannot be drained to.
    public LogDrain add(AppId app, String url) {
        URI checked = targets.check(url, DrainTarget.SCHEMES);
        if (checked.getRawFragment() != null) {
            throw UserError.invalid(
                    "The URL of a drain has no fragment: leave out the part from #.");
        }
        long end = logs.end(app);
        LogDrain drain = rows.add(app, url);
        start(drain, end);
        return drain;
    }

    public void remove(LogDrain drain) {
        rows.remove(drain);
        stop(drain.id());
    }

    private void start(LogDrain drain, long cursor) {
        RunningDrain work =
                new RunningDrain(drain, logs, cursor, parts, limits, clock, () -> stop(drain.id()));
        running.put(drain.id(), work);
        work.start();
    }

    private void stop(UUID drain) {
        RunningDrain work = running.remove(drain);
        if (work != null) {
            work.close();
        }
    }

    @Override
    public void close() {
        running.keySet().forEach(this::stop);
    }
}
