package dev.paddock.metering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RestartsTest {
    private static final Instant DAWN = Instant.parse("2026-01-02T06:00:00Z");

    private final Database database = TestDatabase.fresh();
    private final DynoRecord record = new DynoRecord(database);
    private final Restarts restarts = new Restarts(database);
    private final AppId shop = AppId.random();
    private final AppId other = AppId.random();

    @Test
    void startsAfterTheFirstAreCountedPerName() {
        started(shop, "web.1", Reason.START, DAWN);
        started(shop, "web.1", Reason.RESTART_AFTER_CRASH, DAWN.plusSeconds(1));
        started(shop, "web.1", Reason.RESTART, DAWN.plusSeconds(2));
        started(shop, "web.2", Reason.HOST_LOST, DAWN.plusSeconds(3));
        started(shop, "worker.1", Reason.START, DAWN);
        started(other, "web.1", Reason.RESTART, DAWN);

        assertThat(restarts.since(DAWN.minusSeconds(60), List.of(shop)))
                .isEqualTo(
                        Map.of(
                                shop,
                                Map.of(DynoName.parse("web.1"), 2, DynoName.parse("web.2"), 1)));
    }

    @Test
    void earlierOnesAreNotCounted() {
        started(shop, "web.1", Reason.RESTART, DAWN.minusSeconds(1));
        started(shop, "web.1", Reason.RESTART, DAWN.plusSeconds(1));

        assertThat(restarts.since(DAWN, List.of(shop, other)))
                .isEqualTo(Map.of(shop, Map.of(DynoName.parse("web.1"), 1)));
        assertThat(restarts.since(DAWN, List.of())).isEmpty();
    }

    private void started(AppId app, String name, Reason reason, Instant at) {
        record.store(
                new DynoTransition(
                        DynoId.random(),
                        app,
                        DynoName.parse(name),
                        DynoKind.FORMATION,
                        DynoSize.DEFAULT,
                        new ReleaseVersion(7),
                        DynoState.CREATED,
                        DynoState.STARTING,
                        reason,
                        new Tick(1),
                        "boot",
                        at,
                        "serve",
                        false,
                        Optional.empty()));
    }
}
