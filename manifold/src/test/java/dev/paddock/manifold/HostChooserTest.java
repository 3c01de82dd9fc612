package dev.paddock.manifold;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.dyno.EngineHost;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HostChooserTest {
    private static final long MEMORY = 1_000;

    @Test
    void hostWithFewestSiblingsIsChosenHoweverFull() {
        List<EngineHost> hosts = List.of(host("a", 900), host("b", 100), host("c", 800));

        assertThat(chosen(hosts, Map.of("a", 1, "c", 2), 100)).contains("b");
    }

    @Test
    void ofEqualHostsTheOneWithMostFreeMemoryIsChosenThenTheFirstName() {
        assertThat(chosen(List.of(host("a", 100), host("b", 900)), Map.of(), 100)).contains("b");
        assertThat(chosen(List.of(host("b", 500), host("a", 500)), Map.of(), 100)).contains("a");
    }

    @Test
    void hostWithoutRoomIsNotChosen() {
        List<EngineHost> hosts = List.of(host("a", 99), host("b", 500));

        assertThat(chosen(hosts, Map.of("b", 7), 100)).contains("b");
        assertThat(chosen(hosts, Map.of(), 501)).isEmpty();
    }

    @Test
    void loneHostTakesAllThatWasAdmitted() {
        assertThat(chosen(List.of(host("a", 0)), Map.of("a", 50), 100)).contains("a");
    }

    @Test
    void deadHostIsNeverChosen() {
        EngineHost dead = new EngineHost("a", 1, false, MEMORY, MEMORY);

        assertThat(chosen(List.of(dead), Map.of(), 100)).isEmpty();
        assertThat(chosen(List.of(dead, host("b", 100)), Map.of("b", 3), 100)).contains("b");
    }

    /// Whatever the order in which hosts are given, filling them spreads what is alike and never takes more than there is.
    @Test
    void randomFillingsAreSpreadFitAndDoNotDependOnTheOrder() {
        for (long seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            List<EngineHost> hosts = new ArrayList<>();
            for (int number = 0; number < 2 + random.nextInt(4); number++) {
                hosts.add(host("host-" + number, random.nextInt((int) MEMORY)));
            }
            Map<String, Integer> siblings = new HashMap<>();
            for (int dyno = 0; dyno < 20; dyno++) {
                fillOne(seed, hosts, siblings, random);
            }
        }
    }

    private static void fillOne(
            long seed, List<EngineHost> hosts, Map<String, Integer> siblings, Random random) {
        long memory = 50L + random.nextInt(3) * 50L;
        Optional<EngineHost> chosen = HostChooser.choose(hosts, siblings, memory);
        Collections.shuffle(hosts, random);

        assertThat(HostChooser.choose(hosts, siblings, memory))
                .as("seed %s", seed)
                .isEqualTo(chosen);
        int fewest =
                hosts.stream()
                        .filter(host -> host.memoryFreeBytes() >= memory)
                        .mapToInt(host -> siblings.getOrDefault(host.name(), 0))
                        .min()
                        .orElse(-1);
        assertThat(chosen.map(host -> siblings.getOrDefault(host.name(), 0)).orElse(-1))
                .as("seed %s", seed)
                .isEqualTo(fewest);
        chosen.ifPresent(host -> {
            hosts.remove(host);
            hosts.add(host(host.name(), host.memoryFreeBytes() - memory));
            siblings.merge(host.name(), 1, Integer::sum);
        });
    }

    private static Optional<String> chosen(
            List<EngineHost> hosts, Map<String, Integer> siblings, long memory) {
        return HostChooser.choose(hosts, siblings, memory).map(EngineHost::name);
    }

    private static EngineHost host(String name, long free) {
        return new EngineHost(name, 1, true, MEMORY, free);
    }
}
