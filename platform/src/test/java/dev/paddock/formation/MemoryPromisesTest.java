package dev.paddock.formation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class MemoryPromisesTest {
    private static final Instant NOW = Instant.parse("2026-11-26T12:00:00Z");

    private final MemoryPromises promises = new MemoryPromises();
    private final AppId shop = AppId.random();
    private final AppId blog = AppId.random();
    private final AppId wiki = AppId.random();

    @Test
    void whatOneAppWasPromisedIsNotThereForOthers() {
        promises.make(shop, 3, NOW);
        promises.make(blog, 4, NOW);

        assertThat(promises.toOthers(shop, NOW)).isEqualTo(4);
        assertThat(promises.toOthers(blog, NOW)).isEqualTo(3);
        assertThat(promises.toOthers(wiki, NOW)).isEqualTo(7);
    }

    @Test
    void newPromiseTakesThePlaceOfTheOld() {
        promises.make(shop, 3, NOW);
        promises.make(shop, 1, NOW);

        assertThat(promises.toOthers(blog, NOW)).isEqualTo(1);
    }

    @Test
    void promiseEndsWithItsTermAndWithAClockThatIsSetBack() {
        promises.make(shop, 3, NOW);
        assertThat(promises.toOthers(blog, NOW.plus(MemoryPromises.TERM).minusMillis(1)))
                .isEqualTo(3);
        assertThat(promises.toOthers(blog, NOW.plus(MemoryPromises.TERM))).isZero();

        promises.make(shop, 3, NOW);
        assertThat(promises.toOthers(blog, NOW.minusSeconds(3_600))).isZero();
    }
}
