package dev.paddock.router;

import dev.paddock.routes.AppRoute.Balance;
import java.util.List;
import java.util.random.RandomGenerator;

/// Chooses one of the dynos that may be used now; a function of their loads (router.md section 5).
final class BackendChooser {
    private BackendChooser() {}

    /// @param candidates not empty
    /// @param turn grows by one with each choice of the app, for round-robin
    static Backend choose(
            Balance balance, List<Backend> candidates, long turn, RandomGenerator random) {
        int count = candidates.size();
        if (count == 1) {
            return candidates.getFirst();
        }
        return switch (balance) {
            case LEAST -> leastBusy(candidates, random);
            case P2C -> {
                int first = random.nextInt(count);
                int second = random.nextInt(count - 1);
                Backend one = candidates.get(first);
                Backend other = candidates.get(second >= first ? second + 1 : second);
                yield other.inFlight() < one.inFlight() ? other : one;
            }
            case RANDOM -> candidates.get(random.nextInt(count));
            case ROUND_ROBIN -> candidates.get((int) (turn % count));
        };
    }

    /// Ties are broken at random: the k-th of equals takes over with probability 1/k.
    private static Backend leastBusy(List<Backend> candidates, RandomGenerator random) {
        Backend least = candidates.getFirst();
        int ties = 1;
        for (int i = 1; i < candidates.size(); i++) {
            Backend candidate = candidates.get(i);
            if (candidate.inFlight() < least.inFlight()) {
                least = candidate;
                ties = 1;
            } else if (candidate.inFlight() == least.inFlight() && random.nextInt(++ties) == 0) {
                least = candidate;
            }
        }
        return least;
    }
}
