package dev.paddock.manifold;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.dyno.DynoState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The picture of a dyno's life in ARCHITECTURE.md is what the manifold does.
class DynoLifeTest {
    private static final int LIVES = 150;
    private static final Pattern STEP = Pattern.compile("(?m)^    (\\w+ --> \\w+): ");

    /// A dyno that is idle is shown and does not exist: waking is the start of another one.
    private static final String WAKING = "idle --> created";

    @Test
    void pictureHasEveryStepThatIsTakenAndNoOther() throws IOException {
        Set<String> drawn = new TreeSet<>(drawn());
        assertThat(drawn.remove(WAKING)).isTrue();

        Set<String> taken = new TreeSet<>();
        for (long seed = 0; seed < LIVES; seed++) {
            Simulation simulation = new Simulation(seed);
            simulation.run();
            taken.addAll(simulation.steps());
        }

        assertThat(drawn).isEqualTo(taken);
    }

    @Test
    void pictureHasEveryState() throws IOException {
        Set<String> states = new HashSet<>();
        drawn().forEach(step -> states.addAll(Arrays.asList(step.split(" --> ", -1))));

        assertThat(states)
                .isEqualTo(
                        Arrays.stream(DynoState.values())
                                .map(DynoState::toString)
                                .collect(Collectors.toSet()));
    }

    private static Set<String> drawn() throws IOException {
        String page = Files.readString(Path.of("..", "ARCHITECTURE.md"));
        String picture =
                page.substring(
                        page.indexOf("stateDiagram-v2"), page.indexOf("Each start is a dyno"));
        return STEP.matcher(picture)
                .results()
                .map(step -> step.group(1))
                .collect(Collectors.toSet());
    }
}
