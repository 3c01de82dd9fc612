package dev.paddock.router;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/// Numbers of dynos that may be given a request now, sorted by load: a bitmap of dynos for each load, and a mask of the
/// loads that occur. Adding, removing and finding cost the same for four dynos and for a thousand (bench/chooser.sh).
///
/// For one thread at a time.
final class LoadBuckets {
    private static final int WORD_BITS = 64;
    private static final int FEWEST_LOADS = 4;

    /// Dynos busier than this stand in one bucket, as equals: it bounds the memory of one app.
    private static final int MOST_LOADS = 4096;

    private final int words;
    private final long[] all;
    private int size;

    /// The bitmap of load `i` begins at `i * words`.
    private long[] bitmaps;

    private int[] counts = new int[FEWEST_LOADS];
    private long[] occurring = new long[1];

    /// @param dynos how many there are; their numbers are below it
    LoadBuckets(int dynos) {
        words = (dynos + WORD_BITS - 1) / WORD_BITS;
        all = new long[words];
        bitmaps = new long[FEWEST_LOADS * words];
    }

    int size() {
        return size;
    }

    void add(int dyno, int load) {
        int bucket = Math.min(load, MOST_LOADS - 1);
        if (bucket >= counts.length) {
            grow(bucket);
        }
        long bit = 1L << dyno;
        int word = dyno / WORD_BITS;
        all[word] |= bit;
        bitmaps[bucket * words + word] |= bit;
        if (counts[bucket]++ == 0) {
            occurring[bucket / WORD_BITS] |= 1L << bucket;
        }
        size++;
    }

    /// @param load with which it was added
    void remove(int dyno, int load) {
        int bucket = Math.min(load, MOST_LOADS - 1);
        long bit = 1L << dyno;
        int word = dyno / WORD_BITS;
        all[word] &= ~bit;
        bitmaps[bucket * words + word] &= ~bit;
        if (--counts[bucket] == 0) {
            occurring[bucket / WORD_BITS] &= ~(1L << bucket);
        }
        size--;
    }

    /// One of the least busy, each with the same chance. There must be a dyno.
    int leastBusy(RandomGenerator random) {
        int word = 0;
        while (occurring[word] == 0) {
            word++;
        }
        int bucket = word * WORD_BITS + Long.numberOfTrailingZeros(occurring[word]);
        int count = counts[bucket];
        return nth(bitmaps, bucket * words, count == 1 ? 0 : random.nextInt(count));
    }

    /// The n-th of all, from 0.
    int nth(int n) {
        return nth(all, 0, n);
    }

    /// The first one behind this number; behind the last comes the first. There must be a dyno.
    int after(int dyno) {
        int from = dyno + 1;
        int word = from / WORD_BITS;
        if (word < words) {
            long rest = all[word] & (-1L << from);
            while (rest == 0 && ++word < words) {
                rest = all[word];
            }
            if (rest != 0) {
                return word * WORD_BITS + Long.numberOfTrailingZeros(rest);
            }
        }
        return nth(0);
    }

    private static int nth(long[] bits, int start, int n) {
        int left = n;
        int word = start;
        int ones = Long.bitCount(bits[word]);
        while (left >= ones) {
            left -= ones;
            ones = Long.bitCount(bits[++word]);
        }
        // One instruction: the bit number `left` put where the ones are.
        long bit = Long.expand(1L << left, bits[word]);
        return (word - start) * WORD_BITS + Long.numberOfTrailingZeros(bit);
    }

    private void grow(int bucket) {
        int loads = Integer.highestOneBit(bucket) * 2;
        bitmaps = Arrays.copyOf(bitmaps, loads * words);
        counts = Arrays.copyOf(counts, loads);
        occurring = Arrays.copyOf(occurring, (loads + WORD_BITS - 1) / WORD_BITS);
    }
}
