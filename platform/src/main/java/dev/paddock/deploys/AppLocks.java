package dev.paddock.deploys;

import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/// One change at a time per app, in the order they came. Safe for any thread.
///
/// A build holds the app's build lock for minutes, a release its release lock until its command has ended; changes like
/// a rename go on meanwhile, as they hold only the change lock for a moment. Who takes several takes them in this order.
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

    /// The right to build an app, until closed by the thread that got it.
    interface BuildTurn extends Turn {
        /// Runs a build that a destruction of the app cuts off; it then throws UserError.notFound.
        <T> T run(Interruptible<T> work) throws InterruptedException;
    }

    /// The right to make a release of an app, until closed by any thread.
    interface ReleaseTurn extends Turn {
        /// Runs a command that a destruction of the app cuts off; it then throws UserError.notFound.
        <T> T run(Interruptible<T> command) throws InterruptedException;
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

    /// A turn during which no build of the app goes on. Throws UserError when one does now.
    Turn betweenBuilds(AppId app) {
        AppLock held = enter(app);
        lock(held.builds, Duration.ZERO, () -> leave(app));
        return () -> {
            held.builds.unlock();
            leave(app);
        };
    }

    ReleaseTurn release(AppId app, Duration wait) {
        AppLock held = enter(app);
        acquire(held.releases, wait, () -> leave(app), "Another release of this app is not done");
        return new ReleaseTurn() {
            @Override
            public <T> T run(Interruptible<T> command) throws InterruptedException {
                return held.run(command);
            }

            @Override
            public void close() {
                held.releases.release();
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

    /// Cuts off the build and the release command that are going on and keeps everything else away.
    Turn destroy(AppId app) {
        AppLock held = enter(app);
        held.cancel();
        lock(held.builds, CANCEL_WAIT, () -> leave(app));
        Turn building =
                () -> {
                    held.builds.unlock();
                    leave(app);
                };
        acquire(held.releases, CANCEL_WAIT, building, "A release of this app does not end");
        Turn releasing =
                () -> {
                    held.releases.release();
                    building.close();
                };
        lock(held.changes, CHANGE_WAIT, releasing);
        return () -> {
            held.changes.unlock();
            releasing.close();
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

    private static void acquire(Semaphore place, Duration limit, Turn otherwise, String trouble) {
        boolean acquired = false;
        try {
            acquired = place.tryAcquire(limit.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for another release", e);
        } finally {
            if (!acquired) {
                otherwise.close();
            }
        }
        if (!acquired) {
            throw busy(trouble);
        }
    }

    private static UserError busy(String what) {
        return new UserError("conflict", what + ". Try again later.");
    }

    private static final class AppLock {
        private final ReentrantLock builds = new ReentrantLock(true);
        private final Semaphore releases = new Semaphore(1, true);
        private final ReentrantLock changes = new ReentrantLock(true);
        private final Object state = new Object();
        private boolean cancelled;
        private final Set<Thread> working = new HashSet<>();

        /// Owned by [AppLocks#lock].
        private int members;

        <T> T run(Interruptible<T> work) throws InterruptedException {
            synchronized (state) {
                if (cancelled) {
                    throw UserError.notFound("app");
                }
                working.add(Thread.currentThread());
            }
            try {
                return work.run();
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
                    working.remove(Thread.currentThread());
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
                working.forEach(Thread::interrupt);
            }
        }
    }
}
