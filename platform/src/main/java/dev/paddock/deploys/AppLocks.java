package dev.paddock.deploys;

import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// One change at a time per app, in the order they came. Safe for any thread.
///
/// A build holds the app's build lock for minutes; config changes and the like go on meanwhile, as they hold only the
/// change lock for a moment. Who takes both takes the build lock first.
final class AppLocks {
    /// Pushes that may wait for one app's build.
    private static final int MAX_WAITING_BUILDS = 10;

    /// Two builds of 15 minutes.
    private static final Duration BUILD_WAIT = Duration.ofMinutes(30);

    /// A change lasts as long as a few statements; a destruction up to a minute.
    private static final Duration CHANGE_WAIT = Duration.ofMinutes(2);

    /// A cancelled build ends with its dyno.
    private static final Duration CANCEL_WAIT = Duration.ofMinutes(1);

    private final Object lock = new Object();
    private final Map<AppId, AppLock> locks = new HashMap<>();

    /// Something that is done while the app's turn is held.
    interface Interruptible<T> {
        T run() throws InterruptedException;
    }

    /// The right to change an app, until closed.
    interface Turn extends AutoCloseable {
        @Override
        void close();
    }

    /// The right to build an app, until closed.
    interface BuildTurn extends Turn {
        /// Runs a build that a destruction of the app cuts off; it then throws UserError.notFound.
        <T> T run(Interruptible<T> build) throws InterruptedException;
    }

    /// `waiting` is called first when the turn is not free at once.
    BuildTurn build(AppId app, Runnable waiting) throws InterruptedException {
        AppLock held = enter(app);
        boolean entered = false;
        try {
            if (!held.builds.tryLock(0, TimeUnit.SECONDS)) {
                if (held.builds.getQueueLength() >= MAX_WAITING_BUILDS) {
                    throw busy("Too many builds of this app are waiting");
                }
                waiting.run();
                if (!held.builds.tryLock(BUILD_WAIT.toSeconds(), TimeUnit.SECONDS)) {
                    throw busy("Another build of this app is still going on");
                }
            }
            entered = true;
        } finally {
            if (!entered) {
                leave(app);
            }
        }
        return new BuildTurn() {
            @Override
            public <T> T run(Interruptible<T> build) throws InterruptedException {
                return held.run(build);
            }

            @Override
            public void close() {
                held.builds.unlock();
                leave(app);
            }
        };
    }

    Turn change(AppId app) {
        AppLock held = enter(app);
        lock(held.changes, CHANGE_WAIT, () -> leave(app));
        return () -> {
            held.changes.unlock();
            leave(app);
        };
    }

    /// Cuts off the build that is going on and keeps everything else away.
    Turn destroy(AppId app) {
        AppLock held = enter(app);
        held.cancel();
        lock(held.builds, CANCEL_WAIT, () -> leave(app));
        Turn building =
                () -> {
                    held.builds.unlock();
                    leave(app);
                };
        lock(held.changes, CHANGE_WAIT, building);
        return () -> {
            held.changes.unlock();
            building.close();
        };
    }

    private AppLock enter(AppId app) {
        synchronized (lock) {
            AppLock entered = locks.computeIfAbsent(app, _ -> new AppLock());
            entered.members++;
            return entered;
        }
    }

    private void leave(AppId app) {
        synchronized (lock) {
            AppLock left = locks.get(app);
            if (left != null && --left.members == 0) {
                locks.remove(app);
            }
        }
    }

    private static void lock(ReentrantLock lock, Duration limit, Turn otherwise) {
        boolean locked = false;
        try {
            locked = lock.tryLock(limit.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for another change", e);
        } finally {
            if (!locked) {
                otherwise.close();
            }
        }
        if (!locked) {
            throw busy("Another change of this app is still going on");
        }
    }

    private static UserError busy(String what) {
        return new UserError("conflict", what + ". Try again later.");
    }

    private static final class AppLock {
        private final ReentrantLock builds = new ReentrantLock(true);
        private final ReentrantLock changes = new ReentrantLock(true);
        private final Object state = new Object();
        private boolean cancelled;
        private @Nullable Thread building;

        /// Owned by [AppLocks#lock].
        private int members;

        <T> T run(Interruptible<T> build) throws InterruptedException {
            synchronized (state) {
                if (cancelled) {
                    throw UserError.notFound("app");
                }
                building = Thread.currentThread();
            }
            try {
                return build.run();
            } catch (InterruptedException | RuntimeException e) {
                // An interrupt also shows as a closed channel or a broken connection.
                if (cancelled()) {
                    UserError gone = UserError.notFound("app");
                    gone.addSuppressed(e);
                    throw gone;
                }
                throw e;
            } finally {
                synchronized (state) {
                    building = null;
                    if (cancelled) {
                        // The interrupt was ours and is not to reach what the thread does next.
                        boolean _ = Thread.interrupted();
                    }
                }
            }
        }

        private boolean cancelled() {
            synchronized (state) {
                return cancelled;
            }
        }

        void cancel() {
            synchronized (state) {
                cancelled = true;
                if (building != null) {
                    building.interrupt();
                }
            }
        }
    }
}
