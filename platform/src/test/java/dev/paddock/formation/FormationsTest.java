package dev.paddock.formation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.ProcessType;
import dev.paddock.core.UserError;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Stdio;
import dev.paddock.formation.Formations.Quantity;
import dev.paddock.formation.Formations.Update;
import dev.paddock.log.LogSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FormationsTest {
    private static final ProcessType WEB = ProcessType.WEB;
    private static final ProcessType WORKER = new ProcessType("worker");

    private final Running platform = new Running();
    private final Formations formations = platform.formations;
    private final AppId app = platform.app;

    @Test
    void firstSlugGetsOneWebDynoAndNothingElse() {
        platform.deploy("web", "serve", "worker", "work");

        assertThat(described()).isEqualTo("web=1 worker=0");
        assertThat(platform.running()).containsExactly("web.1");
    }

    @Test
    void appWithoutWebStartsNothing() {
        platform.deploy("worker", "work");

        assertThat(described()).isEqualTo("worker=0");
        assertThat(platform.running()).isEmpty();
    }

    @Test
    void anAppThatWantsNothingStartsNothingAtAStartAndScalesAfterIt() {
        platform.deploy("web", "serve");
        scale(update(WEB, "0"));

        platform.restart();

        assertThat(platform.running()).isEmpty();
        scale(update(WEB, "2"));
        assertThat(platform.running()).containsExactly("web.1", "web.2");
    }

    @Test
    void aReleaseThatWasCutOffGetsItsTypesAtTheNextStartThoughItWantsNoDyno() {
        platform.deploy("worker", "work");
        platform.releaseOnly("worker", "work", "clock", "tick");

        platform.restart();

        assertThat(described()).isEqualTo("clock=0 worker=0");
    }

    @Test
    void scalingStartsDynosAndIsLogged() {
        platform.deploy("web", "serve", "worker", "work");

        scale(update(WEB, "3"), update(WORKER, "+1"));

        assertThat(described()).isEqualTo("web=3 worker=1");
        assertThat(platform.running()).containsExactly("web.1", "web.2", "web.3", "worker.1");
        assertThat(platform.log.lines().getLast().text())
                .isEqualTo(
                        "Scaled to web@3:Standard-1X worker@1:Standard-1X by user ann@example.com");
        assertThat(platform.log.lines().getLast().process()).isEqualTo("api");
        assertThat(platform.log.lines().getLast().source()).isEqualTo(LogSource.APP);
    }

    @Test
    void sizeCanBeChangedAloneAndReplacesTheDynos() {
        platform.deploy("web", "serve");

        formations.scale(
                app,
                List.of(new Update(WEB, Optional.empty(), Optional.of(DynoSize.STANDARD_2X))),
                platform.ann);
        platform.settle();

        assertThat(platform.engine.running())
                .extracting(DynoSpec::size)
                .containsExactly(DynoSize.STANDARD_2X);
        assertThat(formations.list(app).getFirst().size()).isEqualTo(DynoSize.STANDARD_2X);
    }

    @Test
    void unknownTypeChangesNothing() {
        platform.deploy("web", "serve");

        assertThatThrownBy(() -> scale(update(WEB, "2"), update(WORKER, "1")))
                .isInstanceOfSatisfying(
                        UserError.class,
                        error -> {
                            assertThat(error.id()).isEqualTo("not_found");
                            assertThat(error.message())
                                    .isEqualTo("Couldn't find that process type (worker).");
                            assertThat(error.resource()).contains("formation");
                        });
        assertThat(described()).isEqualTo("web=1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"101", "+100", "-2", "999999999", "+999999999"})
    void quantityOutOfBoundsIsRefused(String quantity) {
        platform.deploy("web", "serve");

        assertThatThrownBy(() -> scale(update(WEB, quantity)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("0 to 100");
        assertThat(described()).isEqualTo("web=1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "1.5", "--1", "+", "1 ", "99999999999", "٣"})
    void quantityThatIsNoNumberIsRefused(String text) {
        assertThatThrownBy(() -> Quantity.parse(text)).isInstanceOf(UserError.class);
    }

    @Test
    void goneTypesLoseTheirDynosAndNewOnesBeginWithNone() {
        platform.deploy("web", "serve", "worker", "work");
        scale(update(WORKER, "2"));

        platform.deploy("web", "serve", "clock", "tick");

        assertThat(described()).isEqualTo("clock=0 web=1");
        assertThat(platform.running()).containsExactly("web.1");
    }

    @Test
    void commandsComeFromTheSlug() {
        platform.deploy("web", "serve");
        platform.deploy("web", "serve better");

        assertThat(platform.engine.running())
                .extracting(DynoSpec::command)
                .containsExactly("serve better");
        assertThat(formations.list(app).getFirst().command()).isEqualTo("serve better");
    }

    @Test
    void configChangeRestartsEverythingOnce() {
        platform.deploy("web", "serve");
        var old = platform.engine.running();

        platform.configure(Map.of("A", "1"));

        assertThat(platform.engine.running()).doesNotContainAnyElementsOf(old).hasSize(1);
        assertThat(platform.engine.running().getFirst().environment())
                .containsExactlyEntriesOf(Map.of("A", "1"));
    }

    @Test
    void settingsAreNotGivenToDynosAndRestartNothing() {
        platform.deploy("web", "serve");
        platform.configure(Map.of("A", "1"));
        var old = platform.engine.running();

        platform.configure(Map.of("A", "1", "PADDOCK_BOOT_SECONDS", "90"));
        platform.configure(Map.of("A", "1", "PADDOCK_BOOT_SECONDS", "120"));

        assertThat(platform.engine.running()).isEqualTo(old);
        scale(update(WEB, "2"));
        assertThat(platform.engine.running()).containsAll(old).hasSize(2);
        assertThat(platform.engine.running().getLast().environment())
                .containsExactlyEntriesOf(Map.of("A", "1"));
    }

    @Test
    void bootLimitIsTheSetting() {
        assertThat(bootLimit("90")).isEqualTo(Duration.ofSeconds(90));
        assertThat(bootLimit("999")).isEqualTo(Duration.ofMinutes(3));
        assertThat(bootLimit("0")).isEqualTo(Duration.ofSeconds(1));
        assertThat(bootLimit("soon")).isEqualTo(Duration.ofSeconds(60));
    }

    private static Duration bootLimit(String seconds) {
        return RunningReleases.bootLimit(new ConfigVars(Map.of("PADDOCK_BOOT_SECONDS", seconds)));
    }

    @Test
    void scalesAtTheSameTimeEndInOneOrder() throws Exception {
        platform.engine.hosts("host-1", "host-2", "host-3");
        platform.deploy("web", "serve");
        List<Future<?>> scales = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 20; i++) {
                scales.add(threads.submit(() -> platform.scaleOnly(update(WEB, "+1"))));
            }
            for (Future<?> scale : scales) {
                scale.get();
            }
        }
        platform.settle();

        assertThat(described()).isEqualTo("web=21");
        assertThat(platform.running()).hasSize(21);
    }

    @Test
    void startTellsWhatEveryAppShouldRunAndFinishesReleases() {
        platform.deploy("web", "serve");
        scale(update(WEB, "2"));
        platform.releaseOnly("web", "serve", "worker", "work");

        platform.restart();

        assertThat(described()).isEqualTo("web=2 worker=0");
        assertThat(platform.running()).containsExactly("web.1", "web.2");
    }

    @Test
    void scaleBeyondTheMemoryOfTheHostsIsRefusedAndSaysWhatIsFree() {
        platform.deploy("web", "serve", "worker", "work");
        scale(update(WEB, "14"));

        assertThatThrownBy(() -> scale(update(WEB, "15"), update(WORKER, "2")))
                .isInstanceOfSatisfying(
                        UserError.class,
                        error -> {
                            assertThat(error.id()).isEqualTo("invalid_params");
                            assertThat(error.message())
                                    .isEqualTo(
                                            "Cannot scale to web@15:Standard-1X worker@2:Standard-1X: that takes"
                                                    + " 1.5 GB more memory, and 1.0 of the 8.0 GB for dynos are free.");
                        });

        assertThat(described()).isEqualTo("web=14 worker=0");
        scale(update(WEB, "15"), update(WORKER, "1"));
        assertThat(described()).isEqualTo("web=15 worker=1");
    }

    @Test
    void largerSizeBeyondTheMemoryOfTheHostsIsRefused() {
        platform.deploy("web", "serve");

        assertThatThrownBy(() -> resize(DynoSize.PERFORMANCE_L))
                .hasMessageStartingWith(
                        "Cannot scale to web@1:Performance-L: that takes 13.5 GB more memory, and 7.5 of");

        resize(DynoSize.PERFORMANCE_M);
        assertThat(formations.list(app).getFirst().size()).isEqualTo(DynoSize.PERFORMANCE_M);
    }

    private void resize(DynoSize size) {
        formations.scale(
                app, List.of(new Update(WEB, Optional.empty(), Optional.of(size))), platform.ann);
    }

    @Test
    void fewerDynosAreWantedEvenWhereNothingIsFree() {
        platform.deploy("web", "serve", "worker", "work");
        scale(update(WEB, "5"));
        platform.engine.killHost("host-1");

        assertThatThrownBy(() -> platform.scaleOnly(update(WEB, "6")))
                .hasMessageEndingWith("0.0 of the 0.0 GB for dynos are free.");

        platform.scaleOnly(update(WEB, "3"), update(WORKER, "2"));
        platform.scaleOnly(update(WEB, "1"));
        assertThat(described()).isEqualTo("web=1 worker=2");
    }

    @Test
    void oneOffsCountAndAreRefusedToo() {
        platform.deploy("web", "serve");
        scale(update(WEB, "15"));
        Dynos.OneOff bash =
                new Dynos.OneOff(
                        "bash", Map.of(), Optional.empty(), Optional.empty(), new Stdio.Log());
        platform.dynos.run(app, bash, platform.ann);
        platform.settle();

        assertThatThrownBy(() -> scale(update(WEB, "16")))
                .hasMessageContaining("0.0 of the 8.0 GB");
        assertThatThrownBy(() -> platform.dynos.run(app, bash, platform.ann))
                .hasMessage(
                        "Cannot run a one-off dyno of size Standard-1X: that takes 0.5 GB more memory, and"
                                + " 0.0 of the 8.0 GB for dynos are free.");
    }

    @Test
    void typesThatWentInAReleaseThatWasCutOffAreForgottenAtTheNextStart() {
        platform.deploy("web", "serve", "worker", "work");
        scale(update(WORKER, "2"));
        platform.releaseOnly("web", "serve");

        platform.restart();
        formations.settle();
        platform.deploy("web", "serve", "worker", "work");

        assertThat(described()).isEqualTo("web=1 worker=0");
    }

    @Test
    void destroyedAppWantsNothing() {
        platform.deploy("web", "serve");

        formations.wantNothing(app);
        platform.settle();

        assertThat(platform.running()).isEmpty();
    }

    private void scale(Update... updates) {
        platform.scaleOnly(updates);
        platform.settle();
    }

    private static Update update(ProcessType type, String quantity) {
        return new Update(type, Optional.of(Quantity.parse(quantity)), Optional.empty());
    }

    private String described() {
        return String.join(
                " ",
                formations.list(app).stream().map(it -> it.type() + "=" + it.quantity()).toList());
    }
}
