package dev.paddock.apps;

import dev.paddock.core.AppName;
import java.util.List;
import java.util.random.RandomGenerator;

/// Invents names for apps and certificates that were given none: `quiet-meadow-12345`.
public final class AppNames {
    private static final List<String> QUALITIES =
            List.of(
                    "amber", "ancient", "autumn", "bold", "brave", "bright", "calm", "clear",
                    "cold", "copper", "crimson", "dusty", "early", "eager", "evening", "fair",
                    "fresh", "gentle", "golden", "green", "happy", "hidden", "humble", "icy",
                    "keen", "kind", "late", "light", "lively", "lucky", "merry", "misty", "morning",
                    "nimble", "patient", "proud", "quick", "quiet", "rapid", "rough", "rustic",
                    "silent", "silver", "smooth", "snowy", "spring", "steady", "still", "sunny",
                    "swift", "tall", "tidy", "warm", "wild", "windy", "winter");
    private static final List<String> THINGS =
            List.of(
                    "acorn", "barn", "bay", "beach", "birch", "bridge", "brook", "canyon", "cedar",
                    "cliff", "cloud", "coast", "creek", "dale", "dawn", "field", "fjord", "forest",
                    "garden", "glade", "grove", "harbor", "heath", "hedge", "hill", "island",
                    "lagoon", "lake", "leaf", "marsh", "meadow", "mesa", "moor", "moss", "oak",
                    "orchard", "paddock", "pasture", "peak", "pine", "plain", "pond", "prairie",
                    "reef", "ridge", "river", "shore", "sky", "spruce", "stone", "stream", "summit",
                    "thicket", "tide", "trail", "valley", "willow", "wind", "wood");
    private static final int NUMBERS = 100_000;

    private AppNames() {}

    public static AppName invent(RandomGenerator random) {
        return new AppName(
                "%s-%s-%05d"
                        .formatted(
                                QUALITIES.get(random.nextInt(QUALITIES.size())),
                                THINGS.get(random.nextInt(THINGS.size())),
                                random.nextInt(NUMBERS)));
    }
}
