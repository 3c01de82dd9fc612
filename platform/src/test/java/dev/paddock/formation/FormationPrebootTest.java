package dev.paddock.formation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.apps.Feature;
import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.ProcessType;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.FakeEngine.Script;
import dev.paddock.formation.Formations.Quantity;
import dev.paddock.formation.Formations.Update;
import dev.paddock.log.LogLine;
import dev.paddock.manifold.ManifoldListener.Preboot.GivenUp;
import dev.paddock.manifold.ManifoldListener.Preboot.TookOver;
import dev.paddock.releases.Releases;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Which apps' new web dynos come up beside the old ones, and what is kept meanwhile.
class FormationPrebootTest {
    private final Running platform = new Running();
    private final Formations formations = platform.formations;
    private final AppId app = platform.app;

    @Test
    void appsWithTwoWebDynosHaveItUnlessTheySwitchedIt() {
        platform.deploy("web", "serve");
        assertThat(isEnabled()).isFalse();
        assertThat(runningWhileANewReleaseComesUp(2)).isEqualTo(1);

        scale(2);
        assertThat(isEnabled()).isTrue();
        assertThat(runningWhileANewReleaseComesUp(3)).isEqualTo(4);

        platform.apps.setFeature(app, Feature.PREBOOT, false);
        assertThat(isEnabled()).isFalse();
        assertThat(runningWhileANewReleaseComesUp(4)).isEqualTo(2);

        platform.apps.setFeature(app, Feature.PREBOOT, true);
        scale(1);
        assertThat(isEnabled()).isTrue();
        assertThat(runningWhileANewReleaseComesUp(5)).isEqualTo(2);
    }

    private boolean isEnabled() {
        return platform.apps.features(app).stream()
                .filter(feature -> feature.name().equals(Feature.PREBOOT))
                .allMatch(Feature::enabled);
    }

    private int runningWhileANewReleaseComesUp(int value) {
        platform.engine.script(_ -> Script.RUNS.upAfter(Duration.ofSeconds(30)));
        platform.configure(Map.of("VALUE", "" + value));
        int running = platform.running().size();
        platform.time.advance(Duration.ofSeconds(40));
        platform.engine.script(_ -> Script.RUNS);
        return running;
    }

    @Test
    void withoutMemoryForBothTheOldOnesGoFirst() {
        platform.deploy("web", "serve");
        scale(10);

        assertThat(runningWhileANewReleaseComesUp(2)).isEqualTo(10);
        assertThat(platform.log.lines().stream().map(LogLine::text))
                .contains(
                        "Preboot is left out: there is no memory for old and new web dynos at once");

        scale(8);
        assertThat(runningWhileANewReleaseComesUp(3)).isEqualTo(16);
    }

    /// Of 16 dynos' memory the formations hold 10; the second app is asked before the first one's new dynos are there.
    @Test
    void twoAppsAtOnceDoNotBothGetTheLastOfTheMemory() {
        AppId other = platform.another();
        for (AppId each : List.of(app, other)) {
            platform.releaseOnly(each, "web", "serve");
            formations.released(each);
            formations.scale(each, List.of(update("web", "5")), platform.ann);
        }
        platform.settle();

        for (AppId each : List.of(app, other)) {
            platform.releaseOnly(each, "web", "serve --newer");
            formations.released(each);
        }

        assertThat(platform.log.lines().stream().filter(line -> line.text().startsWith("Preboot")))
                .extracting(LogLine::app)
                .containsExactly(other);
    }

    @Test
    void typesThatAreGoneKeepTheirDynosUntilTheReleaseTookOver() {
        platform.deploy("web", "serve", "worker", "work");
        scale(2);
        platform.scaleOnly(update("worker", "3"));
        platform.engine.script(_ -> Script.RUNS.neverUp().exits(Duration.ofSeconds(9), 1));
        platform.deploy("web", "serve");
        assertThat(platform.running()).containsExactly("web.1", "web.1", "web.2", "web.2");
        platform.time.advance(Duration.ofSeconds(10));
        assertThat(platform.outcomes).hasSize(1).allMatch(GivenUp.class::isInstance);

        platform.engine.script(_ -> Script.RUNS);
        platform.releases.fail(app, platform.releases.current(app).version());
        formations.released(app);
        platform.settle();
        assertThat(platform.running()).contains("worker.1", "worker.2", "worker.3");

        platform.deploy("web", "serve");
        platform.time.advance(Duration.ofSeconds(40));
        assertThat(platform.outcomes).endsWith(new TookOver(new ReleaseVersion(4)));
        formations.tookOver(app);
        platform.deploy("web", "serve", "worker", "work");
        platform.time.advance(Duration.ofSeconds(40));
        assertThat(platform.running()).containsExactly("web.1", "web.2");
    }

    @Test
    void sizeThatDoesNotComeUpIsTakenBack() {
        platform.deploy("web", "serve");
        scale(2);
        platform.engine.script(_ -> Script.RUNS.failsToLaunch("no memory"));
        formations.scale(
                app,
                List.of(
                        new Update(
                                ProcessType.WEB,
                                Optional.empty(),
                                Optional.of(DynoSize.STANDARD_2X))),
                platform.ann);
        platform.settle();
        GivenUp failure = (GivenUp) platform.outcomes.getFirst();

        assertThat(formations.keepSize(app, failure.size(), failure.kept().orElseThrow())).isTrue();
        platform.settle();

        assertThat(formations.list(app).getFirst().size()).isEqualTo(DynoSize.STANDARD_1X);
        assertThat(platform.running()).containsExactly("web.1", "web.2");
        assertThat(formations.keepSize(app, DynoSize.STANDARD_2X, DynoSize.STANDARD_1X)).isFalse();
    }

    @Test
    void failedReleaseCountsNoMore() {
        platform.deploy("web", "serve");
        ReleaseVersion good = platform.releases.current(app).version();
        platform.releases.create(
                app,
                platform.ann,
                newest ->
                        new Releases.Next(
                                "Set", newest.slug(), new ConfigVars(Map.of("BAD", "1"))));

        assertThat(platform.releases.fail(app, good.next())).isPresent();

        assertThat(platform.releases.current(app).version()).isEqualTo(good);
        assertThat(platform.releases.newest(app).config()).isEqualTo(ConfigVars.EMPTY);
        assertThat(platform.releases.fail(app, good.next())).isEmpty();
    }

    private void scale(int web) {
        platform.scaleOnly(update("web", "" + web));
        platform.settle();
    }

    private static Update update(String type, String quantity) {
        return new Update(
                new ProcessType(type), Optional.of(Quantity.parse(quantity)), Optional.empty());
    }
}
