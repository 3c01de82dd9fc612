package dev.paddock.engine.local;

import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// The dynos that one engine knows, and who hears of them. Safe for any thread.
final class Roster {
    private final Map<DynoId, LocalDyno> dynos = new ConcurrentHashMap<>();
    private volatile Consumer<DynoEvent> listener = event -> {};
    private volatile boolean closed;

    /// False when there is one of this id.
    boolean add(LocalDyno dyno) {
        return dynos.putIfAbsent(dyno.id(), dyno) == null;
    }

    Optional<LocalDyno> find(DynoId id) {
        return Optional.ofNullable(dynos.get(id));
    }

    /// One that has not ended.
    Optional<LocalDyno> running(DynoId id) {
        return find(id).filter(dyno -> !dyno.ended());
    }

    List<LocalDyno> all() {
        return List.copyOf(dynos.values());
    }

    List<LocalDyno> running() {
        return dynos.values().stream().filter(dyno -> !dyno.ended()).toList();
    }

    void remove(DynoId id) {
        dynos.remove(id);
    }

    void listen(Consumer<DynoEvent> events) {
        listener = events;
    }

    void tell(DynoEvent event) {
        if (!closed) {
            listener.accept(event);
        }
    }

    /// From now on the dynos are another engine's.
    void close() {
        closed = true;
    }

    boolean closed() {
        return closed;
    }
}
