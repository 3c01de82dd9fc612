package dev.paddock.router;

import java.util.Arrays;

/// Counts by small numbers, most of which never occur: an open hash table of primitives. For one thread at a time.
final class SparseCounts {
    private static final int FREE = -1;
    private static final int FIRST_SLOTS = 16;

    private short[] keys = free(FIRST_SLOTS);
    private long[] counts = new long[FIRST_SLOTS];
    private int used;

    /// Who looks at all counts.
    interface Visitor {
        void visit(int key, long count);
    }

    /// @param key from 0 to 32,767
    void add(int key, long more) {
        int slot = slotOf(key);
        if (keys[slot] == FREE) {
            if (2 * ++used > keys.length) {
                grow();
                slot = slotOf(key);
            }
            keys[slot] = (short) key;
        }
        counts[slot] += more;
    }

    void forEach(Visitor visitor) {
        for (int i = 0; i < keys.length; i++) {
            if (keys[i] != FREE) {
                visitor.visit(keys[i], counts[i]);
            }
        }
    }

    void clear() {
        Arrays.fill(keys, (short) FREE);
        Arrays.fill(counts, 0);
        used = 0;
    }

    private int slotOf(int key) {
        int mask = keys.length - 1;
        int slot = ((key * 0x9E3779B9) >>> 16) & mask;
        while (keys[slot] != FREE && keys[slot] != key) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void grow() {
        short[] oldKeys = keys;
        long[] oldCounts = counts;
        keys = free(2 * oldKeys.length);
        counts = new long[keys.length];
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != FREE) {
                int slot = slotOf(oldKeys[i]);
                keys[slot] = oldKeys[i];
                counts[slot] = oldCounts[i];
            }
        }
    }

    private static short[] free(int slots) {
        short[] keys = new short[slots];
        Arrays.fill(keys, (short) FREE);
        return keys;
    }
}
