package dev.paddock.metering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Tick;
import dev.paddock.core.VirtualTime;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.dyno.Exit;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DynoRecordTest {
    private final Database database = TestDatabase.fresh();
    private final DynoRecord record = new DynoRecord(database);
    private final DynoId dyno = DynoId.random();

    @Test
    void transitionsAreKeptInOrder() {
        assertThat(record.store(transition(DynoState.CREATED, DynoState.STARTING, 10))).isTrue();
        assertThat(record.store(transition(DynoState.STARTING, DynoState.UP, 20))).isTrue();
        assertThat(record.store(transition(DynoState.UP, DynoState.CRASHED, 30))).isTrue();

        assertThat(rows())
                .extracting(row -> row.get("to_state"))
                .containsExactly("STARTING", "UP", "CRASHED");
        assertThat(rows().getLast())
                .containsEntry("dyno", dyno.value())
                .containsEntry("type", "web")
                .containsEntry("number", 1)
                .containsEntry("size", "Standard-1X")
                .containsEntry("release", 7)
                .containsEntry("tick_nanos", 30L)
                .containsEntry("boot_id", "boot-a")
                .containsEntry("exit_status", 3)
                .containsEntry("exit_cause", "PROCESS");
    }

    @Test
    void appRunsFromTheBeginOfADynoToItsEnd() {
        DynoTransition begin = transition(DynoState.CREATED, DynoState.STARTING, 10);
        AppId app = begin.app();
        assertThat(record.isRunning(app)).isFalse();

        record.store(begin);
        assertThat(record.isRunning(app)).isTrue();
        assertThat(record.isRunning(AppId.random())).isFalse();

        record.store(transition(DynoState.STARTING, DynoState.UP, 20));
        record.store(transition(DynoState.UP, DynoState.CRASHED, 30));
        assertThat(record.isRunning(app)).isFalse();
    }

    @Test
    void storingAgainChangesNothing() {
        record.store(transition(DynoState.CREATED, DynoState.STARTING, 10));
        List<Map<String, Object>> before = rows();

        assertThat(record.store(transition(DynoState.CREATED, DynoState.STARTING, 99))).isFalse();

        assertThat(rows()).isEqualTo(before);
    }

    @Test
    void endFoundInALaterBootIsPutAtTheLastMarkOfTheEarlierOne() {
        VirtualTime time = new VirtualTime();
        time.advance(Duration.ofSeconds(100));
        time.reboot("boot-a");
        record.store(transition(DynoState.CREATED, DynoState.STARTING, 10));
        time.advance(Duration.ofSeconds(60));
        record.mark(time);
        time.advance(Duration.ofSeconds(5));

        record.store(transition(DynoState.STARTING, DynoState.DOWN, 3, "boot-b"));

        assertThat(rows().getLast())
                .containsEntry("boot_id", "boot-a")
                .containsEntry("tick_nanos", Duration.ofSeconds(60).toNanos());
    }

    @Test
    void whatNoEngineHasAnyMoreIsEndedAtTheLastMark() {
        VirtualTime time = new VirtualTime();
        time.reboot("boot-a");
        record.store(transition(DynoState.CREATED, DynoState.STARTING, 10));
        record.store(transition(DynoState.STARTING, DynoState.UP, 20));
        time.advance(Duration.ofSeconds(60));
        record.mark(time);

        assertThat(record.settle(Set.of(dyno))).isZero();
        assertThat(rows()).hasSize(2);
        assertThat(record.settle(Set.of())).isOne();
        assertThat(record.settle(Set.of())).isZero();

        assertThat(rows()).hasSize(3);
        assertThat(rows().getLast())
                .containsEntry("from_state", "UP")
                .containsEntry("to_state", "DOWN")
                .containsEntry("reason", "HOST_LOST")
                .containsEntry("boot_id", "boot-a")
                .containsEntry("tick_nanos", Duration.ofSeconds(60).toNanos());
    }

    @Test
    void whatEndedAfterTheLastMarkEndedWithItsLastTransition() {
        record.store(transition(DynoState.CREATED, DynoState.STARTING, 10));
        record.store(transition(DynoState.STARTING, DynoState.UP, 20));

        record.settle(Set.of());

        assertThat(rows().getLast()).containsEntry("tick_nanos", 20L);
    }

    private List<Map<String, Object>> rows() {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select * from dyno_transitions order by id")
                                .mapToMap()
                                .list());
    }

    private DynoTransition transition(DynoState from, DynoState to, long tick) {
        return transition(from, to, tick, "boot-a");
    }

    private DynoTransition transition(DynoState from, DynoState to, long tick, String boot) {
        return new DynoTransition(
                dyno,
                AppId.random(),
                DynoName.parse("web.1"),
                DynoKind.FORMATION,
                DynoSize.DEFAULT,
                new ReleaseVersion(7),
                from,
                to,
                Reason.UP,
                new Tick(tick),
                boot,
                Instant.EPOCH,
                "serve",
                false,
                to == DynoState.CRASHED ? Optional.of(Exit.of(3)) : Optional.empty());
    }
}
