package dev.paddock.dyno;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// A size of dyno: its memory quota, process limit, share of the processor and price per hour.
///
/// @param cpuShares weight among dynos, 1024 for the standard size
/// @param centsPerHour price of an hour in cents
public record DynoSize(
        String name, long memoryBytes, int processes, int cpuShares, double centsPerHour) {
    private static final long MB = 1024L * 1024;

    public static final DynoSize ECO = new DynoSize("Eco", 512 * MB, 256, 1024, 0.5);
    public static final DynoSize BASIC = new DynoSize("Basic", 512 * MB, 256, 1024, 1);
    public static final DynoSize STANDARD_1X =
            new DynoSize("Standard-1X", 512 * MB, 256, 1024, 3.5);
    public static final DynoSize STANDARD_2X = new DynoSize("Standard-2X", 1024 * MB, 512, 2048, 7);
    public static final DynoSize PERFORMANCE_M =
            new DynoSize("Performance-M", 2560 * MB, 16384, 8192, 35);
    public static final DynoSize PERFORMANCE_L =
            new DynoSize("Performance-L", 14336 * MB, 32768, 16384, 70);

    /// The size of build dynos; cannot be chosen by users.
    public static final DynoSize BUILD = new DynoSize("Build", 2048 * MB, 1024, 1024, 0);

    public static final DynoSize DEFAULT = STANDARD_1X;

    private static final List<DynoSize> ALL =
            List.of(ECO, BASIC, STANDARD_1X, STANDARD_2X, PERFORMANCE_M, PERFORMANCE_L);

    /// The sizes users may choose, smallest first.
    public static List<DynoSize> all() {
        return ALL;
    }

    /// Finds a size by its name in any case (`standard-2x`); `1X`, `2X` and `free` are understood as well.
    public static Optional<DynoSize> named(String text) {
        String name =
                switch (text.toLowerCase(Locale.ROOT)) {
                    case "1x" -> "standard-1x";
                    case "2x" -> "standard-2x";
                    case "free" -> "eco";
                    case String other -> other;
                };
        return ALL.stream().filter(size -> size.name().equalsIgnoreCase(name)).findFirst();
    }
}
