package dev.paddock.accounts;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Logins that a terminal began and that are to be finished in a browser. Kept in memory: whoever waits in front of a
/// terminal begins anew after a restart. Safe for any thread.
public final class BrowserLogins {
    private static final Duration LIFE = Duration.ofMinutes(10);

    /// Of more, the oldest is forgotten: nobody needs a key to begin one.
    private static final int MAX_OPEN = 1000;

    private static final int SECRET_BYTES = 16;
    private static final int MAX_DESCRIPTION = 100;

    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();
    private final Object lock = new Object();
    private final Map<String, Waiting> open =
            new LinkedHashMap<>() {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Waiting> eldest) {
                    return size() > MAX_OPEN;
                }
            };

    public BrowserLogins(InstantSource clock) {
        this.clock = clock;
    }

    /// A login that was begun.
    ///
    /// @param id opens the page in the browser
    /// @param token lets the terminal, and nobody else, fetch the outcome
    public record Begun(String id, String token, String description) {
        @Override
        public String toString() {
            return "Begun[" + description + "]";
        }
    }

    public Begun begin(String description) {
        String shown = description.replaceAll("\\p{Cntrl}", " ");
        Begun begun =
                new Begun(
                        secret(),
                        secret(),
                        shown.substring(0, Math.min(MAX_DESCRIPTION, shown.length())));
        synchronized (lock) {
            open.put(
                    begun.id(),
                    new Waiting(begun, clock.instant().plus(LIFE), new CompletableFuture<>()));
        }
        return begun;
    }

    /// Empty for one that does not exist, has expired or is finished.
    public Optional<Begun> find(String id) {
        return waiting(id).filter(login -> !login.outcome.isDone()).map(Waiting::begun);
    }

    /// Hands the key to the terminal; false when it waits no longer.
    public boolean finish(String id, String key) {
        return waiting(id).map(login -> login.outcome.complete(key)).orElse(false);
    }

    /// The key, as soon as somebody finished the login; empty after `patience`. Handed out once.
    public Optional<String> await(Begun login, Duration patience) throws InterruptedException {
        Optional<Waiting> found = waiting(login.id());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        try {
            String key = found.get().outcome.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            synchronized (lock) {
                return open.remove(login.id()) == null ? Optional.empty() : Optional.of(key);
            }
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            throw new IllegalStateException("A login never fails by itself", e);
        }
    }

    /// The login that the terminal with this token began.
    public Optional<Begun> of(String id, String token) {
        return waiting(id)
                .filter(login ->
                        MessageDigest.isEqual(
                                login.begun.token().getBytes(UTF_8), token.getBytes(UTF_8)))
                .map(Waiting::begun);
    }

    private Optional<Waiting> waiting(String id) {
        Instant now = clock.instant();
        synchronized (lock) {
            @Nullable Waiting found = open.get(id);
            if (found != null && !now.isBefore(found.end)) {
                open.remove(id);
                return Optional.empty();
            }
            return Optional.ofNullable(found);
        }
    }

    private String secret() {
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        return HexFormat.of().formatHex(secret);
    }

    private record Waiting(Begun begun, Instant end, CompletableFuture<String> outcome) {}
}
