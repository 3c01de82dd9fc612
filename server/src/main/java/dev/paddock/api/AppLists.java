package dev.paddock.api;

import dev.paddock.accounts.Account;
import dev.paddock.apps.Apps;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/// Answers requests for lists of apps. Those that were made last are kept as bytes, each for the moment of the database
/// of which it is: they are made of nothing else, so while the moment is the same so are they. Safe for any thread.
final class AppLists {
    /// A list of 1,000 apps has 0.9 MB.
    private static final int MOST_KEPT = 8;

    private final Apps apps;
    private final Representations representations;
    private final Object lock = new Object();
    private final Map<Wanted, Made> kept =
            new LinkedHashMap<>(MOST_KEPT, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Wanted, Made> eldest) {
                    return size() > MOST_KEPT;
                }
            };

    AppLists(Apps apps, Representations representations) {
        this.apps = apps;
        this.representations = representations;
    }

    Answer answer(Account account, ListRange range) {
        Wanted wanted = new Wanted(account.id(), range);
        // Read first: what changes after it may be in the list already, and then makes another one
        // next time.
        String moment = apps.moment();
        Made made = find(wanted, moment, () -> make(account, range));
        try {
            return made.of();
        } catch (RuntimeException failed) {
            forget(wanted, made);
            throw failed;
        }
    }

    private Made find(Wanted wanted, String moment, Callable<Answer> making) {
        synchronized (lock) {
            Made known = kept.get(wanted);
            if (known != null && known.moment.equals(moment)) {
                return known;
            }
            Made made = new Made(moment, making);
            kept.put(wanted, made);
            return made;
        }
    }

    private void forget(Wanted wanted, Made failed) {
        synchronized (lock) {
            kept.remove(wanted, failed);
        }
    }

    private Answer make(Account account, ListRange range) {
        return Answer.page(
                        Page.of(apps.list(account), range, AppEndpoints.APP_KEYS)
                                .map(representations::app))
                .written();
    }

    private record Wanted(UUID account, ListRange range) {}

    /// One list, made by the first who asks; those who ask meanwhile wait for it.
    private static final class Made {
        private final String moment;
        private final FutureTask<Answer> answer;

        Made(String moment, Callable<Answer> making) {
            this.moment = moment;
            answer = new FutureTask<>(making);
        }

        Answer of() {
            // Does nothing when it runs or has run.
            answer.run();
            try {
                return answer.get();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof RuntimeException failure) {
                    throw failure;
                }
                throw new IllegalStateException("a list could not be made", e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while a list was made", e);
            }
        }
    }
}
