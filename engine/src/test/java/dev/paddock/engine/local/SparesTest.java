package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.EngineHost;
import dev.paddock.dyno.Exit;
import dev.paddock.dyno.SlugRef;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Containers kept ahead: what begins from one is a dyno like any other, and one that is not used counts for nothing.
/// That nothing gets out of such a dyno is in [IsolationProbeTest], that it leaves nothing in [LedgerTest].
class SparesTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String SERVER = "exec python3 -m http.server $PORT";

    private Platform platform;

    @BeforeEach
    void open() throws IOException {
        platform = new Platform(2);
    }

    @AfterEach
    void close() {
        if (platform != null) {
            platform.close();
        }
    }

    private DynoSpec kept(DynoSpec spec) {
        platform.engine.spares().keep(spec);
        platform.awaitSpare(spec);
        return spec;
    }

    private boolean beganFromSpare(DynoSpec spec) {
        return !platform.files(spec).id().equals(spec.id());
    }

    private List<String> containers() {
        return Directory.names(platform.runtime.resolve(DynoFiles.DYNOS));
    }

    @Test
    void nextWebDynoOfAReleaseThatIsUpBeginsFromASpare() throws IOException {
        SlugRef slug =
                platform.slug(Map.of("page", "content", ".profile.d/a.sh", "export SEEN=$DYNO"));
        DynoSpec first =
                platform.startUp(
                        platform.slugged(
                                platform.web("cat page; echo $DYNO $SEEN $PORT; " + SERVER),
                                AppId.random(),
                                slug));
        platform.awaitSpare(first);

        DynoSpec second = platform.startUp(platform.alike(first));

        assertThat(beganFromSpare(first)).isFalse();
        assertThat(beganFromSpare(second)).isTrue();
        int port = platform.seen(second).address().orElseThrow().port();
        assertThat(port).isNotEqualTo(platform.seen(first).address().orElseThrow().port());
        platform.engine.retire(second.id(), LIMIT);
        assertThat(platform.exit(second)).isEqualTo(Exit.of(143));
        assertThat(platform.lines(second)).contains("contentweb.2 web.2 " + port);
        platform.engine.forget(second.id());
        platform.awaitSpare(first);
        assertThat(containers()).hasSize(2);
    }

    @Test
    void spareCountsForNothing() {
        List<EngineHost> before = platform.engine.hosts();

        DynoSpec spec = kept(platform.web(SERVER));

        assertThat(platform.engine.list()).isEmpty();
        assertThat(platform.engine.usage(spec.id())).isEmpty();
        assertThat(platform.engine.hosts()).isEqualTo(before);
        assertThat(platform.events).isEmpty();
    }

    @Test
    void dynoThatDiffersInAnythingButItsNameStartsCold() {
        DynoSpec spec = kept(platform.web(SERVER));
        DynoSpec other = platform.alike(spec);

        assertThat(platform.engine.spares().has(other)).isTrue();
        assertThat(platform.engine.spares().has(platform.sized(other, DynoSize.BUILD))).isFalse();
        assertThat(platform.engine.spares().has(platform.configured(other, Map.of()))).isFalse();
        assertThat(platform.engine.spares().has(platform.released(other, 2))).isFalse();
        DynoSpec cold =
                platform.startUp(platform.configured(other, Map.of("GREETING", "good day")));
        assertThat(beganFromSpare(cold)).isFalse();
    }

    @Test
    void newReleaseTakesTheSpareOfTheOldAway() {
        DynoSpec spec = kept(platform.web(SERVER));

        platform.engine.expect(spec.app(), spec.release());
        assertThat(platform.spares()).hasSize(1);
        platform.engine.expect(spec.app(), new ReleaseVersion(2));

        assertThat(platform.spares()).isEmpty();
    }

    @Test
    void spareGoesWithItsSlugAndWithItsApp() throws IOException {
        SlugRef slug = platform.slug(Map.of("page", "content"));
        DynoSpec slugged = kept(platform.slugged(platform.web(SERVER), AppId.random(), slug));
        DynoSpec plain = kept(platform.web(SERVER));

        platform.engine.discard(slugged.app(), slug.id());
        assertThat(platform.spares()).hasSize(1);
        platform.engine.discard(plain.app());

        assertThat(platform.spares()).isEmpty();
    }

    @Test
    void eldestSpareMakesRoom() {
        DynoSpec first = kept(platform.web(SERVER));
        DynoSpec second = kept(platform.web(SERVER));

        DynoSpec third = kept(platform.web(SERVER));

        await().atMost(LIMIT).until(() -> platform.spares().size() == 2);
        assertThat(platform.engine.spares().has(first)).isFalse();
        assertThat(platform.engine.spares().has(second)).isTrue();
        assertThat(platform.engine.spares().has(third)).isTrue();
    }

    @Test
    void spareThatWasKilledIsNotUsed() {
        DynoSpec spec = kept(platform.web(SERVER));
        Life.Processes processes = platform.spares().getFirst().processes().orElseThrow();
        Signals.send(processes.init(), Signals.KILL);
        await().atMost(LIMIT).until(() -> !processes.alive());

        platform.startUp(spec);

        assertThat(beganFromSpare(spec)).isFalse();
        await().atMost(LIMIT).until(() -> containers().contains(spec.id().toString()));
    }

    @Test
    void killedPlatformLeavesSparesThatTheNextTakesAway() {
        DynoSpec runs = platform.startUp(kept(platform.web(SERVER)));
        assertThat(beganFromSpare(runs)).isTrue();
        DynoSpec spec = kept(platform.web(SERVER));

        platform.reopen();

        assertThat(platform.engine.list()).singleElement().matches(dyno -> dyno.up());
        assertThat(platform.engine.spares().has(spec)).isFalse();
        // The one that runs is given a new spare.
        platform.awaitSpare(runs);
        assertThat(platform.spares()).hasSize(1);
    }

    @Test
    void spareThatBecameADynoAsThePlatformWasKilledIsStarted() {
        DynoSpec spec = kept(platform.web(SERVER));
        assertThat(platform.engine.spares().take(spec)).isPresent();

        platform.reopen();

        await().atMost(LIMIT).until(() -> platform.seen(spec).up());
        assertThat(platform.seen(spec).begun()).isPresent();
        assertThat(beganFromSpare(spec)).isTrue();
    }

    @Test
    void standingDownLeavesNoSpare() {
        DynoSpec spec = kept(platform.web(SERVER));

        platform.engine.standDown();

        assertThat(containers()).isEmpty();
        assertThat(platform.engine.spares().has(spec)).isFalse();
    }

    @Test
    void memoryLimitHoldsInADynoThatBeganAsASpare() {
        DynoSpec spec = kept(platform.web("exec python3 -c 'bytearray(3 << 29); input()'"));

        platform.start(spec);

        assertThat(platform.exit(spec).cause()).isEqualTo(Exit.Cause.OUT_OF_MEMORY);
        assertThat(platform.told(spec, DynoEvent.Placed.class)).isTrue();
    }

    @Test
    void configVarNamedDynoWins() {
        DynoSpec spec =
                kept(platform.configured(platform.web("echo $DYNO"), Map.of("DYNO", "of my own")));

        assertThat(platform.run(spec)).isEqualTo("of my own");
    }
}
