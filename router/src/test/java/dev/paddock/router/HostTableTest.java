package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.routes.AppRoute;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HostTableTest {
    @Test
    void hostIsFoundInAnyCase() {
        RoutedApp app = app("a");
        HostTable table = new HostTable(Map.of("shop.localhost", app));

        assertThat(find(table, "SHOP.localHost")).isSameAs(app);
        assertThat(find(table, "shop.localhos")).isNull();
    }

    @Test
    void hostThatPassedToAnotherAppIsNotTakenFromIt() {
        RoutedApp before = app("a");
        RoutedApp after = app("b");
        HostTable table = new HostTable(Map.of("shop", after));

        assertThat(find(table.with(Map.of("shop", before), Map.of()), "shop")).isSameAs(after);
    }

    @Test
    void changedTableFindsWhatAMapWouldFind() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        RoutedApp[] apps = {app("a"), app("b"), app("c")};
        Map<String, RoutedApp> model = new HashMap<>();
        HostTable table = new HostTable(model);
        for (int round = 0; round < 3000; round++) {
            Map<String, RoutedApp> without = new HashMap<>();
            Map<String, RoutedApp> with = new HashMap<>();
            for (int i = random.nextInt(4); i > 0; i--) {
                without.put("h" + random.nextInt(200), apps[random.nextInt(3)]);
            }
            for (int i = random.nextInt(4); i > 0; i--) {
                with.put("h" + random.nextInt(200), apps[random.nextInt(3)]);
            }
            without.forEach((host, app) -> model.remove(host, app));
            model.putAll(with);
            HostTable before = table;
            RoutedApp known = find(before, "h7");

            table = table.with(without, with);

            assertThat(find(before, "h7")).as("seed %d", seed).isSameAs(known);
            for (int i = 0; i < 200; i++) {
                assertThat(find(table, "h" + i))
                        .as("h%d in round %d of seed %d", i, round, seed)
                        .isSameAs(model.get("h" + i));
            }
        }
    }

    private static @Nullable RoutedApp find(HostTable table, String host) {
        byte[] bytes = host.getBytes(StandardCharsets.US_ASCII);
        return table.find(bytes, 0, bytes.length);
    }

    private static RoutedApp app(String name) {
        return new RoutedApp(AppRoute.of("", name, List.of(), List.of()));
    }
}
