package dev.paddock.engine.local;

import dev.paddock.dyno.DynoAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// How long starts took, from what `bench/dyno_server.c` says about itself.
final class BootFigures {
    private static final int LIMIT_MILLIS = 1_000;

    private BootFigures() {}

    /// Milliseconds from the request to the first instruction, to the open port, and until that was known.
    record Boot(double exec, double open, double known) {}

    /// Asks the server in the container when it began.
    ///
    /// @param request when the start was asked for, in nanoseconds of this machine's monotonic clock
    static Boot ask(DynoAddress address, long request, long known) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address.ip(), address.port()), LIMIT_MILLIS);
            socket.setSoTimeout(LIMIT_MILLIS);
            String[] stamps =
                    new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
                            .strip()
                            .split(" ", 2);
            return new Boot(
                    millis(request, Long.parseLong(stamps[0])),
                    millis(request, Long.parseLong(stamps[1])),
                    millis(request, known));
        }
    }

    private static double millis(long begin, long end) {
        return (end - begin) / 1e6;
    }

    static void heading() {
        System.out.printf(
                "%-24s %24s   %24s   %24s%n",
                "ms: min/median/max", "request -> exec", "-> port open", "-> known to be open");
    }

    static void print(String name, List<Boot> boots) {
        System.out.printf(
                "%-24s %24s   %24s   %24s%n",
                name,
                spread(boots, Boot::exec),
                spread(boots, Boot::open),
                spread(boots, Boot::known));
    }

    private static String spread(List<Boot> boots, ToDoubleFunction<Boot> part) {
        double[] sorted = boots.stream().mapToDouble(part).sorted().toArray();
        return "%.1f / %.1f / %.1f"
                .formatted(sorted[0], sorted[sorted.length / 2], sorted[sorted.length - 1]);
    }
}
