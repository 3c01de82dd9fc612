package dev.paddock.formation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.paddock.core.UserError;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.Test;

class AdmissionTest {
    private static final long GB = 1L << 30;

    private final Running platform = new Running();
    private final Admission admission = platform.admission;

    @Test
    void twoAtOnceDoNotBothGetTheLastMemory() throws Exception {
        platform.deploy("web", "serve");
        try (var threads = Executors.newVirtualThreadPerTaskExecutor();
                Handle first = platform.database.jdbi().open()) {
            first.begin();
            admission.require(first, 7 * GB, "Cannot grow");
            Future<?> second = threads.submit(() -> require(5 * GB));
            await().until(this::somebodyWaits);

            first.execute("update formation set quantity = 15");
            first.commit();

            assertThatThrownBy(second::get)
                    .rootCause()
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("0.5 of the 8.0 GB");
        }
    }

    private void require(long bytes) {
        platform.database
                .jdbi()
                .useTransaction(handle -> admission.require(handle, bytes, "Cannot grow"));
    }

    private boolean somebodyWaits() {
        return platform.database
                .jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select count(*) > 0 from pg_locks
                                        join pg_database on pg_database.oid = pg_locks.database
                                        where locktype = 'advisory' and not granted
                                          and datname = current_database()
                                        """)
                                .mapTo(Boolean.class)
                                .one());
    }

    @Test
    void operatorMayReserveMoreThanThereIs() {
        platform.deploy("web", "serve");
        Admission generous = new Admission(platform.database, platform.engine, 2);

        assertThatThrownBy(() -> require(9 * GB)).isInstanceOf(UserError.class);
        assertThatCode(() ->
                        platform.database
                                .jdbi()
                                .useTransaction(
                                        handle -> generous.require(handle, 15 * GB, "Cannot grow")))
                .doesNotThrowAnyException();
    }

    @Test
    void lessMemoryIsNeverRefused() {
        platform.engine.killHost("host-1");

        assertThatCode(() -> require(0)).doesNotThrowAnyException();
        assertThatCode(() -> require(-GB)).doesNotThrowAnyException();
        assertThat(platform.engine.hosts().getFirst().alive()).isFalse();
    }
}
