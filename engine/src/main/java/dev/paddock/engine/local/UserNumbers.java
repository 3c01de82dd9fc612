package dev.paddock.engine.local;

import dev.paddock.core.AppId;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/// Gives each app the user number its dynos run as, out of the platform's block; kept on disk, for unpacked slugs
/// belong to it. Safe for any thread.
final class UserNumbers implements Users {
    private final Path file;
    private final int first;
    private final Object lock = new Object();
    private final Map<String, Integer> numbers = new TreeMap<>();
    private int next;

    /// @param first the first number of the platform's block
    UserNumbers(Path file, int first) {
        this.file = file;
        this.first = first;
        Json.read(file)
                .filter(root -> root.path("first").asInt() == first)
                .ifPresent(root -> {
                    next = root.path("next").asInt();
                    for (Map.Entry<String, JsonNode> entry : root.path("apps").properties()) {
                        numbers.put(entry.getKey(), entry.getValue().asInt());
                    }
                });
    }

    /// Whether files that the platform left on this disk belong to other numbers than these.
    static boolean moved(Path file, int first) {
        return Json.read(file).filter(root -> root.path("first").asInt() == first).isEmpty();
    }

    @Override
    public int of(AppId app) {
        synchronized (lock) {
            Integer known = numbers.get(app.toString());
            if (known != null) {
                return first + known;
            }
            int number = unused();
            numbers.put(app.toString(), number);
            save();
            return first + number;
        }
    }

    /// A number comes back only after all others were used, so that nothing forgotten meets its next owner soon.
    private int unused() {
        Set<Integer> used = new HashSet<>(numbers.values());
        for (int tries = 0; tries < Registry.USERS; tries++) {
            int candidate = next;
            next = (next + 1) % Registry.USERS;
            if (!used.contains(candidate)) {
                return candidate;
            }
        }
        throw new IllegalStateException(
                "This platform has " + Registry.USERS + " apps and no user number left.");
    }

    @Override
    public Optional<Integer> discard(AppId app) {
        synchronized (lock) {
            Integer number = numbers.remove(app.toString());
            if (number == null) {
                return Optional.empty();
            }
            save();
            return Optional.of(first + number);
        }
    }

    private void save() {
        Json.write(file, Map.of("first", first, "next", next, "apps", numbers));
    }
}
