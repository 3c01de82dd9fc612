package dev.paddock.formation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.ProcessType;
import dev.paddock.core.UserError;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.Stdio;
import dev.paddock.formation.Dynos.OneOff;
import dev.paddock.manifold.DynoView;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DynosTest {
    private final Running platform = new Running();
    private final Dynos dynos = platform.dynos;

    @Test
    void listShowsDynosByName() {
        platform.deploy("web", "serve");
        run("bash");
        platform.settle();

        assertThat(names(dynos.list(platform.app)))
                .hasSize(2)
                .satisfies(names -> assertThat(names.getFirst()).matches("run\\.[1-9][0-9]{3}"))
                .last()
                .isEqualTo("web.1");
    }

    @Test
    void dynoIsFoundByNameAndId() {
        platform.deploy("web", "serve");
        DynoView web = dynos.get(platform.app, "web.1");

        assertThat(dynos.get(platform.app, web.id().toString())).isEqualTo(web);
        assertThatThrownBy(() -> dynos.get(platform.app, "web.2"))
                .isInstanceOf(UserError.class)
                .hasMessage("Couldn't find that dyno.");
    }

    @Test
    void oneOffGetsConfigAndItsOwnEnvironment() {
        platform.deploy("web", "serve");
        platform.configure(Map.of("A", "1", "B", "2", "PADDOCK_BOOT_SECONDS", "90"));

        DynoView view = run("bash", Map.of("B", "3", "TERM", "xterm"));

        DynoSpec spec = platform.engine.running().getLast();
        assertThat(spec.id()).isEqualTo(view.id());
        assertThat(spec.kind()).isEqualTo(DynoKind.ONE_OFF);
        assertThat(spec.environment())
                .containsExactlyInAnyOrderEntriesOf(Map.of("A", "1", "B", "3", "TERM", "xterm"));
        assertThat(spec.size()).isEqualTo(DynoSize.DEFAULT);
        assertThat(spec.web()).isFalse();
        assertThat(view.state()).isEqualTo(DynoState.STARTING);
        assertThat(platform.log.lines().getLast().text())
                .isEqualTo("Starting process with command `bash` by user ann@example.com");
    }

    @Test
    void firstWordThatIsAProcessTypeStandsForItsCommand() {
        platform.deploy("web", "serve", "worker", "work --hard");

        assertThat(run("worker --once").command()).isEqualTo("work --hard --once");
        assertThat(run("worker").command()).isEqualTo("work --hard");
        assertThat(run("workers").command()).isEqualTo("workers");
        assertThat(run("echo worker").command()).isEqualTo("echo worker");
        assertThat(run("x".repeat(200)).command()).hasSize(200);
    }

    @Test
    void appWithoutCodeRunsNothing() {
        assertThatThrownBy(() -> run("bash"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("git push heroku main");
    }

    @Test
    void emptyCommandIsRefused() {
        platform.deploy("web", "serve");

        assertThatThrownBy(() -> run("  ")).isInstanceOf(UserError.class);
    }

    @Test
    void restartReplacesFormationDynosOnly() {
        platform.deploy("web", "serve");
        DynoView oneOff = run("bash");
        platform.settle();
        DynoView web = dynos.get(platform.app, "web.1");

        dynos.restart(platform.app, Optional.empty(), Optional.empty(), platform.ann);
        platform.settle();

        assertThat(dynos.get(platform.app, "web.1").id()).isNotEqualTo(web.id());
        assertThat(dynos.get(platform.app, oneOff.name().toString()).id()).isEqualTo(oneOff.id());
    }

    @Test
    void stopEndsAOneOff() {
        platform.deploy("web", "serve");
        DynoName oneOff = run("bash").name();
        platform.settle();

        dynos.stop(platform.app, Optional.empty(), Optional.of(oneOff), platform.ann);
        platform.settle();

        assertThat(names(dynos.list(platform.app))).containsExactly("web.1");
    }

    @Test
    void unknownDynosAndTypesAreRefused() {
        platform.deploy("web", "serve", "worker", "work");
        Optional<DynoName> web9 = Optional.of(DynoName.parse("web.9"));
        Optional<ProcessType> clock = Optional.of(new ProcessType("clock"));

        assertThatThrownBy(() -> dynos.stop(platform.app, Optional.empty(), web9, platform.ann))
                .hasMessage("Couldn't find that dyno.");
        assertThatThrownBy(() -> dynos.restart(platform.app, clock, Optional.empty(), platform.ann))
                .hasMessage("Couldn't find that process type (clock).");
        dynos.restart(
                platform.app,
                Optional.of(new ProcessType("worker")),
                Optional.empty(),
                platform.ann);
    }

    private DynoView run(String command) {
        return run(command, Map.of());
    }

    private DynoView run(String command, Map<String, String> environment) {
        OneOff oneOff =
                new OneOff(
                        command, environment, Optional.empty(), Optional.empty(), new Stdio.Log());
        return dynos.run(platform.app, oneOff, platform.ann);
    }

    private static List<String> names(List<DynoView> views) {
        return views.stream().map(view -> view.name().toString()).toList();
    }
}
