package dev.paddock.engine.local;

import dev.paddock.engine.local.OciBundle.Connection;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;

/// The network of this machine, shared by all dynos: they differ by their ports only. Safe for any thread.
final class HostNetwork implements Network {
    static final String ADDRESS = "127.0.0.1";

    /// Above what platforms usually listen on, and below the ports that the kernel gives to outgoing connections.
    private static final int FIRST_PORT = 10_000;

    private static final int END_OF_PORTS = 32_768;
    private static final int TRIES = 1_000;
    private static final int NO_PORT = 0;

    private final Optional<UserFilter> filter;
    private final Object lock = new Object();
    // Guarded by lock.
    private final Map<Integer, Integer> ports = new TreeMap<>();

    /// @param filter rules that are in force; empty for none
    HostNetwork(Optional<UserFilter> filter) {
        this.filter = filter;
    }

    @Override
    public void open(List<Life.Place> held) {
        synchronized (lock) {
            held.forEach(place -> ports.put(place.slot(), place.port()));
        }
        held.forEach(place -> filter.ifPresent(rules -> rules.close(place.port())));
    }

    @Override
    public int take() {
        synchronized (lock) {
            for (int slot = 0; slot < Registry.SLOTS; slot++) {
                if (ports.putIfAbsent(slot, NO_PORT) == null) {
                    return slot;
                }
            }
            throw new IllegalStateException(
                    "all " + Registry.SLOTS + " places for dynos of this platform are in use");
        }
    }

    @Override
    public void release(int slot) {
        Integer port;
        synchronized (lock) {
            port = ports.remove(slot);
        }
        if (port != null && port != NO_PORT) {
            filter.ifPresent(rules -> rules.open(port));
        }
    }

    /// Never the wanted one: the next dyno of the app would want it too.
    @Override
    public int port(int slot, String wanted) {
        int port = choose(slot);
        filter.ifPresent(rules -> rules.close(port));
        return port;
    }

    private int choose(int slot) {
        synchronized (lock) {
            for (int attempt = 0; attempt < TRIES; attempt++) {
                int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, END_OF_PORTS);
                if (!ports.containsValue(port) && isFree(port)) {
                    ports.put(slot, port);
                    return port;
                }
            }
            throw new IllegalStateException(
                    "found no free port from %d to %d".formatted(FIRST_PORT, END_OF_PORTS - 1));
        }
    }

    private static boolean isFree(int port) {
        try (ServerSocket probe = new ServerSocket(port)) {
            return probe.isBound();
        } catch (IOException taken) {
            return false;
        }
    }

    @Override
    public String dynoAddress(int slot) {
        return ADDRESS;
    }

    @Override
    public Connection connection(int slot) {
        return new Connection.Host();
    }

    @Override
    public void refill() {}

    @Override
    public void close() {}

    @Override
    public void drain() {}

    @Override
    public boolean uphold() {
        if (!filter.map(UserFilter::raiseAgain).orElse(false)) {
            return false;
        }
        // Looked at afterwards: who takes a port from now on closes it by the new rules.
        List<Integer> closed;
        synchronized (lock) {
            closed = ports.values().stream().filter(port -> port != NO_PORT).toList();
        }
        filter.ifPresent(rules -> closed.forEach(rules::close));
        return true;
    }

    @Override
    public void lower() {
        filter.ifPresent(UserFilter::lower);
    }
}
