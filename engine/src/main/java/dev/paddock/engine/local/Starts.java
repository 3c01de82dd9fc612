package dev.paddock.engine.local;

import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import dev.paddock.dyno.Attachment;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.Exit;
import dev.paddock.engine.local.Conmon.LaunchFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings dynos from their record to the word that they are up. Safe for any thread.
final class Starts {
    private static final Logger LOG = LoggerFactory.getLogger(Starts.class);
    private static final int STARTS_AT_ONCE = 4;
    private static final Duration CREATION_LIMIT = Duration.ofMinutes(6);
    private static final int PROBE_MILLIS = 1_000;
    private static final Duration FIRST_PROBE = Duration.ofMillis(2);
    private static final Duration LAST_PROBE = Duration.ofMillis(100);

    private final Roster roster;
    private final Ends ends;
    private final Stops stops;
    private final Launcher launcher;
    private final Spares spares;
    private final Network network;
    private final Timers timers;
    private final String host;
    private final Semaphore starts = new Semaphore(STARTS_AT_ONCE);

    Starts(
            Roster roster,
            Ends ends,
            Stops stops,
            Launcher launcher,
            Spares spares,
            Network network,
            Timers timers,
            String host) {
        this.roster = roster;
        this.ends = ends;
        this.stops = stops;
        this.launcher = launcher;
        this.spares = spares;
        this.network = network;
        this.timers = timers;
        this.host = host;
    }

    void launch(LocalDyno dyno) {
        try {
            Optional<Exit> failure;
            starts.acquire();
            try {
                failure = launcher.create(dyno);
                if (roster.closed()) {
                    // The next engine takes the dyno over as it is now.
                    return;
                }
                if (failure.isEmpty()) {
                    dyno.change(
                            life -> life,
                            () ->
                                    roster.tell(
                                            new DynoEvent.Placed(
                                                    dyno.id(), host, dyno.address(network))));
                    if (!dyno.spec.stdio().attached()) {
                        failure = begin(dyno);
                    }
                }
            } finally {
                starts.release();
            }
            if (failure.isPresent()) {
                fail(dyno, failure.get());
            } else {
                dyno.created.countDown();
                begun(dyno);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("Dyno {} could not be started", dyno.id(), e);
            fail(dyno, new Exit(1, Exit.Cause.LAUNCH_FAILED, "internal error: " + e));
        }
    }

    private void fail(LocalDyno dyno, Exit exit) {
        try {
            launcher.clear(dyno);
        } catch (RuntimeException e) {
            LOG.warn("Dyno {} left something behind until it is forgotten", dyno.id(), e);
        }
        ends.end(dyno, exit);
    }

    private Optional<Exit> begin(LocalDyno dyno) {
        dyno.beginning = true;
        try {
            dyno.log.keep();
            Tick now = timers.now();
            dyno.change(life -> life.withBegun(now));
            startCommand(dyno);
            if (dyno.life().killAt().filter(at -> !timers.now().isBefore(at)).isPresent()) {
                // Where the container begins to exist only now, there was nothing to kill before.
                stops.kill(dyno);
            }
            if (!dyno.spec.web()) {
                up(dyno);
            }
            dyno.beginning = false;
            return Optional.empty();
        } catch (LaunchFailure e) {
            // It goes on beginning until it is ended as failed: who looks before would see a
            // process that ended.
            return Optional.of(
                    dyno.life().killAt().isPresent()
                            ? Exit.of(Exits.TERMINATED)
                            : new Exit(
                                    1, Exit.Cause.LAUNCH_FAILED, String.valueOf(e.getMessage())));
        } catch (RuntimeException e) {
            dyno.beginning = false;
            throw e;
        }
    }

    private static void startCommand(LocalDyno dyno) throws LaunchFailure {
        Life.Processes before = dyno.life().processes().orElseThrow();
        ProcessIdentity init = dyno.keeper.start(dyno.files, before.init());
        dyno.change(life -> life.withProcesses(new Life.Processes(init, before.conmon())));
    }

    /// What is left to do once the command runs.
    private void begun(LocalDyno dyno) {
        ends.look(dyno);
        Optional<DynoAddress> address = dyno.address(network);
        if (address.isPresent() && dyno.life().begun().isPresent()) {
            awaitPort(dyno, address.get());
        } else if (!dyno.spec.stdio().attached() && !dyno.life().up()) {
            up(dyno);
        }
    }

    private void up(LocalDyno dyno) {
        if (dyno.change(Life::withUp, () -> roster.tell(new DynoEvent.Up(dyno.id())))) {
            spares.keep(dyno.spec);
        }
    }

    private void awaitPort(LocalDyno dyno, DynoAddress address) {
        Duration pause = FIRST_PROBE;
        while (!roster.closed() && !dyno.ended()) {
            if (accepts(address)) {
                up(dyno);
                return;
            }
            try {
                Thread.sleep(pause);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            Duration longer = pause.plus(pause.dividedBy(4));
            pause = longer.compareTo(LAST_PROBE) < 0 ? longer : LAST_PROBE;
        }
    }

    private static boolean accepts(DynoAddress address) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address.ip(), address.port()), PROBE_MILLIS);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /// The platform was killed before the container was recorded: what there may be of it is taken away first.
    void relaunch(LocalDyno dyno) {
        launcher.clear(dyno);
        dyno.life().place().ifPresent(place -> network.release(place.slot()));
        dyno.change(life -> Life.fresh(life.bootId()));
        launch(dyno);
    }

    void goOn(LocalDyno dyno) {
        Life life = dyno.life();
        life.killAt().ifPresent(killAt -> stops.killLater(dyno, killAt));
        if (life.up()) {
            spares.keep(dyno.spec);
        } else if (!dyno.spec.stdio().attached()) {
            Optional<Exit> failure = life.begun().isEmpty() ? begin(dyno) : beginAgain(dyno);
            if (failure.isPresent()) {
                fail(dyno, failure.get());
            } else {
                begun(dyno);
            }
        }
    }

    private static Optional<Exit> beginAgain(LocalDyno dyno) {
        try {
            startCommand(dyno);
        } catch (LaunchFailure e) {
            LOG.debug("Dyno {} had been started already", dyno.id());
        }
        return Optional.empty();
    }

    /// Connects to a dyno that waits for its client; its command begins now.
    Attachment attach(LocalDyno dyno) {
        if (!dyno.claimAttachment()) {
            throw new IllegalStateException("dyno " + dyno.id() + " is attached already");
        }
        awaitCreated(dyno);
        if (dyno.ended() || dyno.life().begun().isPresent()) {
            throw new IllegalStateException(
                    "dyno "
                            + dyno.id()
                            + " cannot be attached to: it has "
                            + dyno.life().exit().map(exit -> "ended " + exit).orElse("begun"));
        }
        try {
            Attachment attachment = dyno.keeper.attach(dyno.files);
            Optional<Exit> failure = begin(dyno);
            failure.ifPresent(exit -> fail(dyno, exit));
            ends.look(dyno);
            return attachment;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot attach to dyno " + dyno.id() + ": " + e.getMessage(), e);
        }
    }

    private static void awaitCreated(LocalDyno dyno) {
        try {
            if (!dyno.created.await(CREATION_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("dyno " + dyno.id() + " was not created in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while attaching", e);
        }
    }
}
