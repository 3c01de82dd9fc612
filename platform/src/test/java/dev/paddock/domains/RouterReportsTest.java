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
    private final RouterReports reports =
            new RouterReports(
                    name -> Optional.ofNullable(Map.of("shop", shop).get(name)),
                    (app, dyno) -> suspected.add(app + " " + dyno));

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

        assertThat(suspected).isEmpty();
    }
}
