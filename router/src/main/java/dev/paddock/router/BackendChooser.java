package dev.paddock.router;

import dev.paddock.routes.AppRoute.Balance;
import java.util.List;
import java.util.random.RandomGenerator;

/// Chooses one of the dynos that may be used now; a function of their loads (router.md section 5).
final class BackendChooser {
    private BackendChooser() {}

    /// @param dynos all of the app
    /// @param open those that may be used, by their places in `dynos`; not empty
    /// @param last place of the dyno that was chosen last, for round-robin
    static Backend choose(
            Balance balance,
            List<Backend> dynos,
            LoadBuckets open,
            int last,
            RandomGenerator random) {
        int count = open.size();
        if (count == 1) {
            return dynos.get(open.nth(0));
        }
        return switch (balance) {
            case LEAST -> dynos.get(open.leastBusy(random));
            case P2C -> {
                int first = random.nextInt(count);
                int second = random.nextInt(count - 1);
                Backend one = dynos.get(open.nth(first));
                Backend other = dynos.get(open.nth(second >= first ? second + 1 : second));
                yield other.inFlight() < one.inFlight() ? other : one;
            }
            case RANDOM -> dynos.get(open.nth(random.nextInt(count)));
            case ROUND_ROBIN -> dynos.get(open.after(last));
        };
    }
}
