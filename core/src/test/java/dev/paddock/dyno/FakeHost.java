package dev.paddock.dyno;

import java.util.Set;
import java.util.TreeSet;

/// A machine of the [FakeEngine]. Owned by it.
final class FakeHost {
    private final String name;
    private final int number;
    private final long memoryBytes;
    private final Set<Integer> slots = new TreeSet<>();
    private long generation = 1;
    private boolean alive = true;

    FakeHost(String name, int number, long memoryBytes) {
        this.name = name;
        this.number = number;
        this.memoryBytes = memoryBytes;
    }

    String name() {
        return name;
    }

    boolean isAlive() {
        return alive;
    }

    boolean isAlive(long inGeneration) {
        return alive && generation == inGeneration;
    }

    void join() {
        alive = true;
    }

    /// Nobody reaches it; what runs on it goes on.
    void leave() {
        alive = false;
    }

    /// It lives anew and knows nothing of its earlier life.
    void die() {
        alive = false;
        generation++;
        slots.clear();
    }

    /// The lowest free slot, so that an address freed too early meets another dyno at once.
    int takeSlot() {
        int slot = 1;
        while (!slots.add(slot)) {
            slot++;
        }
        return slot;
    }

    void freeSlot(int slot) {
        slots.remove(slot);
    }

    DynoAddress address(int slot) {
        String ip = "10." + (9 + number) + "." + slot / 250 + "." + (slot % 250 + 1);
        return new DynoAddress(ip, 5000);
    }

    EngineHost seen(long reservedBytes) {
        long free = Math.max(0, memoryBytes - reservedBytes);
        return new EngineHost(name, generation, alive, memoryBytes, free);
    }
}
