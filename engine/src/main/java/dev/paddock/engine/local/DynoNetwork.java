package dev.paddock.engine.local;

import dev.paddock.engine.local.OciBundle.Connection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ready network namespaces, each with one link to the host and an address fixed to its slot. Creating one takes
/// longer than the rest of a start, so some are kept ahead. Safe for any thread.
final class DynoNetwork implements Network {
    /// Namespaces kept ready.
    static final int READY = 8;

    /// Of each slot: a network of two machines.
    static final int ADDRESSES = 4;

    private static final Logger LOG = LoggerFactory.getLogger(DynoNetwork.class);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);
    private static final long NANOS_IN_MILLI = 1_000_000;
    private static final Path NAMESPACES = Path.of("/run/netns");
    private static final Path LINKS = Path.of("/sys/class/net");
    private static final int HASH_IN_LINK = 8;
    private static final int INTERFACE_UP = 1;
    private static final int FIRST_PORT = 5_000;

    /// Ports from here on are given to outgoing connections by the kernel.
    private static final int END_OF_PORTS = 32_768;

    private final String hash;
    private final int network;
    private final Firewall firewall;
    private final Object lock = new Object();
    // Guarded by lock.
    private final BitSet taken = new BitSet();
    private final Deque<Integer> ready = new ArrayDeque<>();
    private int next;
    private boolean refilling;

    /// Namespaces that are being made or removed.
    private int underWay;

    private boolean closed;

    /// @param network number of the network, whose rules are in force
    DynoNetwork(String hash, int network, Firewall firewall) {
        this.hash = hash;
        this.network = network;
        this.firewall = firewall;
    }

    static String linkPrefix(String hash) {
        return "pd" + hash.substring(0, HASH_IN_LINK);
    }

    /// The addresses of all slots.
    static String addresses(int network) {
        return address(network * Registry.SLOTS * ADDRESSES) + "/21";
    }

    @Override
    public void open(List<Life.Place> held) {
        synchronized (lock) {
            held.forEach(place -> taken.set(place.slot()));
            for (int slot : existing(hash)) {
                if (taken.get(slot)) {
                    continue;
                }
                if (usable(slot)) {
                    taken.set(slot);
                    ready.add(slot);
                } else {
                    // The name of one from before a reboot.
                    remove(name(slot), link(slot));
                }
            }
        }
    }

    /// A slot whose namespace is ready; made on the spot when the pool is empty.
    @Override
    public int take() {
        Integer slot;
        synchronized (lock) {
            slot = ready.poll();
        }
        if (slot == null) {
            slot = createNow();
        }
        refill();
        return slot;
    }

    /// Gives a slot back. The dyno could not change its namespace, so the next one may have it.
    @Override
    public void release(int slot) {
        boolean again;
        synchronized (lock) {
            if (!taken.get(slot) || ready.contains(slot)) {
                return;
            }
            again = ready.size() < READY && !closed && usable(slot);
            underWay++;
        }
        try {
            if (again) {
                firewall.forgive(dynoAddress(slot));
                keep(slot);
            } else {
                destroy(slot);
            }
        } finally {
            end();
        }
    }

    /// Whether a namespace was made to the end, and is still there.
    private boolean usable(int slot) {
        try {
            String flags = Files.readString(LINKS.resolve(link(slot)).resolve("flags")).strip();
            return (Integer.decode(flags) & INTERFACE_UP) != 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public Connection connection(int slot) {
        return new Connection.Joined(NAMESPACES.resolve(name(slot)));
    }

    /// A new one for each start; one that the app's config names is left alone.
    @Override
    public int port(int slot, String wanted) {
        if (wanted.matches("[0-9]{1,5}")) {
            int port = Integer.parseInt(wanted);
            if (port > 0 && port <= 0xffff) {
                return port;
            }
        }
        return ThreadLocalRandom.current().nextInt(FIRST_PORT, END_OF_PORTS);
    }

    @Override
    public String dynoAddress(int slot) {
        return address(offset(slot) + 2);
    }

    /// Makes no more, and waits for what is under way: whoever takes over then finds namespaces that stay.
    @Override
    public void close() {
        long deadline = System.nanoTime() + CLOSE_LIMIT.toNanos();
        synchronized (lock) {
            closed = true;
            try {
                for (long left = CLOSE_LIMIT.toMillis();
                        underWay > 0 && left > 0;
                        left = (deadline - System.nanoTime()) / NANOS_IN_MILLI) {
                    lock.wait(left);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// Removes the ready ones.
    @Override
    public void drain() {
        close();
        List<Integer> unused;
        synchronized (lock) {
            unused = new ArrayList<>(ready);
            ready.clear();
        }
        unused.forEach(this::destroy);
    }

    @Override
    public boolean uphold() {
        return firewall.uphold();
    }

    @Override
    public void lower() {
        firewall.lower();
    }

    /// Makes namespaces ahead until the pool is full; returns at once.
    @Override
    public void refill() {
        synchronized (lock) {
            if (refilling || closed) {
                return;
            }
            refilling = true;
        }
        Thread.ofVirtual().name("network-pool").start(this::fill);
    }

    private void fill() {
        try {
            while (wantsMore() && begin()) {
                try {
                    keep(create());
                } finally {
                    end();
                }
            }
        } catch (IllegalStateException | UncheckedIOException e) {
            LOG.warn("No more network namespaces ahead: {}", e.getMessage());
        } finally {
            synchronized (lock) {
                refilling = false;
            }
        }
    }

    private int createNow() {
        if (!begin()) {
            throw new IllegalStateException("the platform is being stopped");
        }
        try {
            return create();
        } finally {
            end();
        }
    }

    private boolean begin() {
        synchronized (lock) {
            if (!closed) {
                underWay++;
            }
            return !closed;
        }
    }

    private void end() {
        synchronized (lock) {
            underWay--;
            lock.notifyAll();
        }
    }

    private void keep(int slot) {
        synchronized (lock) {
            // One that was given back may have filled the pool meanwhile.
            if (!closed && ready.size() < READY) {
                ready.add(slot);
                return;
            }
        }
        destroy(slot);
    }

    private boolean wantsMore() {
        synchronized (lock) {
            return !closed && ready.size() < READY;
        }
    }

    private int create() {
        int slot = reserve();
        boolean usable = false;
        try {
            Command.Result made = make(slot);
            usable = made.ok();
            if (!usable) {
                throw new IllegalStateException(
                        "no network namespace can be made with ip: " + made.output());
            }
            return slot;
        } finally {
            if (!usable) {
                destroy(slot);
            }
        }
    }

    private int reserve() {
        synchronized (lock) {
            int slot = taken.nextClearBit(next);
            if (slot >= Registry.SLOTS) {
                slot = taken.nextClearBit(0);
            }
            if (slot >= Registry.SLOTS) {
                throw new IllegalStateException(
                        "all " + Registry.SLOTS + " network slots of this platform are in use");
            }
            taken.set(slot);
            // Not the same one again at once, should it turn out that it cannot be made.
            next = (slot + 1) % Registry.SLOTS;
            return slot;
        }
    }

    private Command.Result make(int slot) {
        remove(name(slot), link(slot));
        String host = address(offset(slot) + 1);
        String outside =
                """
                netns add %1$s
                link add %2$s type veth peer name eth0 netns %1$s
                addr add %3$s/30 dev %2$s
                """
                        .formatted(name(slot), link(slot), host);
        Command.Result result = Command.run(List.of("ip", "-batch", "-"), outside);
        if (!result.ok()) {
            return result;
        }
        String inside =
                """
                addr add %1$s/30 dev eth0
                link set lo up
                link set eth0 up
                route add default via %2$s
                """
                        .formatted(dynoAddress(slot), host);
        result = Command.run(List.of("ip", "-n", name(slot), "-batch", "-"), inside);
        // The host's end last: when that is up, all else is done, whoever looks.
        return result.ok() ? Command.run("ip", "link", "set", link(slot), "up") : result;
    }

    /// What cannot be removed now is removed before the slot is used again.
    private void destroy(int slot) {
        try {
            remove(name(slot), link(slot));
        } finally {
            synchronized (lock) {
                taken.clear(slot);
            }
        }
    }

    /// Whether the kernel has the links, tried where they concern nobody.
    static boolean tried() {
        return Command.run(
                        "unshare", "--net", "ip", "link", "add", "pd0", "type", "veth", "peer",
                        "name", "eth0")
                .ok();
    }

    /// What of it there is now.
    static List<String> changes(String hash) {
        List<String> changes = new ArrayList<>();
        int namespaces = existing(hash).size();
        if (namespaces > 0) {
            changes.add(namespaces + " network namespaces paddock-" + hash + "-*");
        }
        String prefix = linkPrefix(hash) + "-";
        long links =
                Directory.names(LINKS).stream().filter(name -> name.startsWith(prefix)).count();
        if (links > 0) {
            changes.add(links + " network links " + prefix + "*");
        }
        return changes;
    }

    /// Removes every namespace and link of a platform.
    static void purge(String hash) {
        for (int slot : existing(hash)) {
            remove(name(hash, slot), link(hash, slot));
        }
    }

    private static void remove(String name, String link) {
        // The link first: a namespace is taken apart later, in the background, and would keep its
        // end until then.
        if (Files.exists(LINKS.resolve(link))) {
            Command.run("ip", "link", "del", link);
        }
        if (Files.exists(NAMESPACES.resolve(name))) {
            Command.run("ip", "netns", "del", name);
        }
    }

    private static List<Integer> existing(String hash) {
        String prefix = "paddock-" + hash + "-";
        return Directory.names(NAMESPACES).stream()
                .filter(name -> name.startsWith(prefix))
                .map(name -> parse(name.substring(prefix.length())))
                .flatMap(Optional::stream)
                .toList();
    }

    private static Optional<Integer> parse(String number) {
        try {
            return Optional.of(Integer.valueOf(number));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private int offset(int slot) {
        return (network * Registry.SLOTS + slot) * ADDRESSES;
    }

    private static String address(int offset) {
        return "198." + (18 + (offset >> 16)) + "." + (offset >> 8 & 0xff) + "." + (offset & 0xff);
    }

    private String name(int slot) {
        return name(hash, slot);
    }

    private String link(int slot) {
        return link(hash, slot);
    }

    private static String name(String hash, int slot) {
        return "paddock-" + hash + "-" + slot;
    }

    private static String link(String hash, int slot) {
        return linkPrefix(hash) + "-" + slot;
    }
}
