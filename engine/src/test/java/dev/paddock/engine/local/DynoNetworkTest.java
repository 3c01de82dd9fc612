package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.dyno.DynoSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The links of dynos and their addresses: beside those of others, one dyno after another, and at the end.
class DynoNetworkTest {
    private static final int FREE = 17;
    private static final String ADDRESSES_OF_FREE = "198.18.136.";
    private static final Path NAMESPACES = Path.of("/run/netns");
    private static final Path LINKS = Path.of("/sys/class/net");

    @Test
    void newPlatformKeepsAwayFromAddressesThatLeadElsewhere() throws IOException {
        routes("add");
        try (Platform platform = new Platform()) {
            DynoSpec web = platform.startUp(platform.web("exec python3 -m http.server $PORT"));

            assertThat(platform.seen(web).address().orElseThrow().ip())
                    .startsWith(ADDRESSES_OF_FREE);
        } finally {
            routes("del");
        }
    }

    /// Leads the first addresses of all networks but one to nowhere.
    private static void routes(String verb) {
        String batch =
                IntStream.range(0, Registry.NETWORKS)
                        .filter(network -> network != FREE)
                        .mapToObj(DynoNetwork::addresses)
                        .map(addresses -> addresses.replace("/21", "/30"))
                        .map(addresses -> "route %s %s dev lo\n".formatted(verb, addresses))
                        .collect(Collectors.joining());
        assertThat(Command.run(List.of("ip", "-batch", "-"), batch).output()).isEmpty();
    }

    @Test
    void closedEngineLeavesNothingHalfMade() throws IOException {
        try (Platform platform = new Platform()) {
            platform.engine.network().refill();
            await().pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> !slots(platform).isEmpty());

            platform.engine.close();

            assertThat(slots(platform)).allMatch(slot -> isUp(platform, slot));
        }
    }

    private static List<String> slots(Platform platform) {
        String prefix = "paddock-" + platform.hash + "-";
        return Directory.names(NAMESPACES).stream()
                .filter(name -> name.startsWith(prefix))
                .map(name -> name.substring(prefix.length()))
                .toList();
    }

    private static boolean isUp(Platform platform, String slot) {
        String link = DynoNetwork.linkPrefix(platform.hash) + "-" + slot;
        return Conmon.said(LINKS.resolve(link).resolve("carrier")).equals("1");
    }

    @Test
    void dynoDoesNotAnswerForTheConnectionsOfTheOneBeforeAtItsAddress() throws IOException {
        try (Platform platform = new Platform()) {
            Surroundings surroundings = new Surroundings(platform.hash);
            try {
                int port = surroundings.serveOutside(0);
                Network network = platform.engine.network();
                int slot = network.take();
                String connect =
                        "exec 3<>/dev/tcp/%s/%d && echo reached"
                                .formatted(surroundings.outside, port);

                run(platform, slot, "python3", "-c", surroundings.flood());
                assertThat(run(platform, slot, "timeout", "2", "bash", "-c", connect)).isEmpty();
                // There is room again for one that is given back.
                network.take();
                network.release(slot);

                assertThat(run(platform, slot, "timeout", "2", "bash", "-c", connect))
                        .isEqualTo("reached");
            } finally {
                surroundings.close();
            }
        }
    }

    private static String run(Platform platform, int slot, String... words) {
        String name = "paddock-" + platform.hash + "-" + slot;
        return Command.run(
                        Stream.concat(Stream.of("ip", "netns", "exec", name), Stream.of(words))
                                .toList(),
                        "")
                .output();
    }
}
