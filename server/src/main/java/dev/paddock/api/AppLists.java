package dev.paddock.api;

import dev.paddock.accounts.Account;
import dev.paddock.apps.Apps;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

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
        return find(wanted, moment).orElseGet(() -> make(account, wanted, moment));
    }

    private Optional<Answer> find(Wanted wanted, String moment) {
        synchronized (lock) {
            return Optional.ofNullable(kept.get(wanted))
                    .filter(made -> made.moment().equals(moment))
                    .map(Made::answer);
        }
    }

    private Answer make(Account account, Wanted wanted, String moment) {
        Answer answer =
                Answer.page(
                                Page.of(apps.list(account), wanted.range(), AppEndpoints.APP_KEYS)
                                        .map(representations::app))
                        .written();
        synchronized (lock) {
            kept.put(wanted, new Made(moment, answer));
        }
        return answer;
    }

    private record Wanted(UUID account, ListRange range) {}

    private record Made(String moment, Answer answer) {}
}
