package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The buckets against a plain map of loads, over random steps.
class LoadBucketsTest {
    private static final int STEPS = 20_000;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 63, 64, 65, 200})
    void agreeWithAPlainMap(int dynos) {
        SplittableRandom random = new SplittableRandom(dynos);
        LoadBuckets buckets = new LoadBuckets(dynos);
        TreeMap<Integer, Integer> plain = new TreeMap<>();
        for (int step = 0; step < STEPS; step++) {
            int dyno = random.nextInt(dynos);
            Integer load = plain.remove(dyno);
            if (load == null) {
                plain.put(dyno, random.nextInt(1 + step % 300));
                buckets.add(dyno, plain.get(dyno));
            } else {
                buckets.remove(dyno, load);
            }
            assertThat(buckets.size()).isEqualTo(plain.size());
            if (!plain.isEmpty()) {
                int least = plain.values().stream().mapToInt(Integer::intValue).min().orElseThrow();
                assertThat(plain.get(buckets.leastBusy(random))).isEqualTo(least);
                int n = random.nextInt(plain.size());
                assertThat(buckets.nth(n)).isEqualTo(nth(plain, n));
                Integer next = plain.higherKey(dyno);
                assertThat(buckets.after(dyno)).isEqualTo(next == null ? plain.firstKey() : next);
            }
        }
    }

    private static int nth(Map<Integer, Integer> plain, int n) {
        return plain.keySet().stream().skip(n).findFirst().orElseThrow();
    }
}
