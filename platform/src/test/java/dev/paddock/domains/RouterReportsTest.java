package dev.paddock.domains;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.routes.ControlFrame;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RouterReportsTest {
    private final AppId shop = AppId.random();
    private final List<String> suspected = new ArrayList<>();
    private final List<AppId> woken = new ArrayList<>();
    private final List<AppId> requested = new ArrayList<>();
    private final RouterReports reports =
            new RouterReports(
                    name -> Optional.ofNullable(Map.of("shop", shop).get(name)),
                    (app, dyno) -> suspected.add(app + " " + dyno),
                    woken::add,
                    requested::add);

    @Test
    void dynoInTroubleIsSuspected() {
        reports.accept(new ControlFrame.Trouble("shop", "web.1", "refused"));
        reports.accept(new ControlFrame.Trouble("shop", "web.2", "timeout"));

        assertThat(suspected).containsExactly(shop + " web.1", shop + " web.2");
    }

    @Test
    void whatNobodyKnowsIsPassedOver() {
        reports.accept(new ControlFrame.Trouble("blog", "web.1", "refused"));
        reports.accept(new ControlFrame.Trouble("", "", ""));
        reports.accept(new ControlFrame.Wake("blog"));
        reports.accept(new ControlFrame.Load(List.of()));

        reports.accept(new ControlFrame.Load(List.of(load("blog"))));

        assertThat(suspected).isEmpty();
        assertThat(woken).isEmpty();
        assertThat(requested).isEmpty();
    }

    @Test
    void appThatARequestWaitsForIsWoken() {
        reports.accept(new ControlFrame.Wake("shop"));

        assertThat(woken).containsExactly(shop);
    }

    @Test
    void trafficIsTold() {
        reports.accept(new ControlFrame.Load(List.of(load("shop"), load("blog"))));

        assertThat(requested).containsExactly(shop);
    }

    private static ControlFrame.AppLoad load(String app) {
        return new ControlFrame.AppLoad(app, List.of(), 0, 0, 1, 1, 1, 1);
    }
}
