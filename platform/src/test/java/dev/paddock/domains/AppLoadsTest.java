package dev.paddock.domains;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.routes.ControlFrame.AppLoad;
import dev.paddock.routes.ControlFrame.DynoLoad;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AppLoadsTest {
    private final AtomicLong nanos = new AtomicLong();
    private final AppLoads loads = new AppLoads(nanos::get);

    @Test
    void whatSeveralRoutersSeeIsAddedUp() {
        loads.accept(1, List.of(load(2, 1, 10, 5)));
        loads.accept(2, List.of(load(3, 0, 20, 9)));

        AppLoad both = loads.find("shop").orElseThrow();

        assertThat(both.dynos()).containsExactly(new DynoLoad("web.1", 5));
        assertThat(both.queued()).isEqualTo(1);
        assertThat(both.rps()).isEqualTo(30);
        assertThat(both.p99()).isEqualTo(9);
    }

    @Test
    void appWithoutAReportForSecondsHasNoTraffic() {
        loads.accept(1, List.of(load(2, 1, 10, 5)));
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(4));

        assertThat(loads.find("shop")).isEmpty();
    }

    private static AppLoad load(int inFlight, int queued, double rps, double p99) {
        return new AppLoad(
                "shop", List.of(new DynoLoad("web.1", inFlight)), queued, 0, rps, 1, 2, p99);
    }
}
