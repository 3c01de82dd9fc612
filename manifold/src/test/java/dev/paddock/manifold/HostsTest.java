package dev.paddock.manifold;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.EngineHost;
import dev.paddock.dyno.Stdio;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HostsTest {
    private static final long SIZE = DynoSize.DEFAULT.memoryBytes();

    private final Hosts hosts = new Hosts();

    @Test
    void claimsCountUntilTheEngineCountsThem() {
        look(10, host("a", 1, SIZE), host("b", 1, 0));
        DynoSpec first = worker();
        assertThat(claim(first)).contains("a");

        assertThat(claim(worker())).isEmpty();
        // The look began before the engine had accepted it.
        hosts.accepted(first.id(), new Tick(12));
        look(11, host("a", 1, SIZE), host("b", 1, 0));
        assertThat(claim(worker())).isEmpty();

        look(13, host("a", 1, SIZE), host("b", 1, 0));
        assertThat(claim(worker())).contains("a");
    }

    @Test
    void lookThatBeganEarlierTellsNothingNew() {
        look(10, host("a", 1, SIZE), host("b", 1, 0));
        look(9, host("a", 1, 0), host("b", 1, SIZE));

        assertThat(claim(worker())).contains("a");
    }

    @Test
    void suspectedHostGetsNothingBeforeALookThatBeganLater() {
        look(10, host("a", 1, SIZE), host("b", 1, 0));
        hosts.suspect("a", new Tick(12));

        assertThat(claim(worker())).isEmpty();
        look(11, host("a", 1, SIZE), host("b", 1, 0));
        assertThat(claim(worker())).isEmpty();
        look(13, host("a", 1, SIZE), host("b", 1, 0));
        assertThat(claim(worker())).contains("a");
    }

    @Test
    void hostInAnotherLifeGetsWebDynosOnceRoutersForgotItsOldAddresses() {
        hosts.routed();
        look(10, host("a", 1, 9 * SIZE), host("b", 1, 0));
        DynoSpec old = web();
        DynoSpec adopted = web();
        assertThat(claim(old)).contains("a");
        hosts.adopt(adopted, "a");

        look(20, host("a", 2, 9 * SIZE), host("b", 1, 0));
        assertThat(claim(web())).isEmpty();
        assertThat(claim(worker())).contains("a");

        hosts.left(old.id());
        assertThat(claim(web())).isEmpty();
        hosts.left(adopted.id());
        assertThat(claim(web())).contains("a");
    }

    @Test
    void newPlatformGivesSeveralHostsNoWebDynoBeforeRoutersServeItsTable() {
        look(10, host("a", 1, 9 * SIZE), host("b", 1, 9 * SIZE));
        assertThat(claim(web())).isEmpty();

        hosts.routed();
        assertThat(claim(web())).isPresent();
    }

    @Test
    void loneHostNeedsNoTable() {
        look(10, host("a", 1, 0));

        assertThat(claim(web())).contains("a");
    }

    private void look(long began, EngineHost... seen) {
        hosts.look(List.of(seen), new Tick(began));
    }

    private Optional<String> claim(DynoSpec spec) {
        return hosts.claim(spec, Map.of()).map(EngineHost::name);
    }

    private static EngineHost host(String name, long generation, long free) {
        return new EngineHost(name, generation, true, 10 * SIZE, free);
    }

    private static DynoSpec web() {
        return spec("web", true);
    }

    private static DynoSpec worker() {
        return spec("worker", false);
    }

    private static DynoSpec spec(String type, boolean web) {
        return new DynoSpec(
                DynoId.random(),
                AppId.random(),
                new DynoName(new ProcessType(type), 1),
                DynoKind.FORMATION,
                new ReleaseVersion(1),
                DynoSize.DEFAULT,
                "run",
                Map.of(),
                Optional.empty(),
                "host",
                new Stdio.Log(),
                web,
                List.of());
    }
}
