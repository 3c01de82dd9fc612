package dev.paddock.router;

import java.io.IOException;
import java.io.Writer;
import java.math.BigDecimal;
import java.util.List;
import java.util.function.Function;

/// Writes [RouterStats] in the text format of Prometheus, one family after the other, without holding it in memory.
final class PrometheusText {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final String PREFIX = "paddock_router_";
    private static final int MICRO_DIGITS = 6;

    // Borders of histograms, as powers of two of microseconds: 1 ms to 67 s, and 0.25 ms to 8 s.
    private static final int FIRST_SERVICE = 10;
    private static final int LAST_SERVICE = 26;
    private static final int FIRST_CONNECT = 8;
    private static final int LAST_CONNECT = 23;

    private final RouterStats stats;
    private final Writer out;
    private final List<RouterStats.Counted> counted;

    private PrometheusText(RouterStats stats, Writer out) {
        this.stats = stats;
        this.out = out;
        counted = stats.counted();
    }

    static void write(RouterStats stats, Writer out) throws IOException {
        new PrometheusText(stats, out).write();
    }

    private void write() throws IOException {
        single("connections_total", "counter", "Clients accepted.", stats.connections());
        single("open_connections", "gauge", "Clients connected now.", stats.openConnections());
        single("faults_total", "counter", "Faults of the router itself.", stats.faults());
        requests();
        failures();
        sentBytes();
        inFlight();
        queued();
        times(
                "connect_seconds",
                "Time to open a connection to the dyno.",
                Traffic::connect,
                FIRST_CONNECT,
                LAST_CONNECT);
        times(
                "service_seconds",
                "Time from the request's first byte to the dyno until its end.",
                Traffic::service,
                FIRST_SERVICE,
                LAST_SERVICE);
    }

    private void requests() throws IOException {
        family("requests_total", "counter", "Requests that ended; status none without an answer.");
        for (RouterStats.Counted one : counted) {
            StringBuilder lines = new StringBuilder();
            stats.traffic(one)
                    .forEachStatus((status, count) ->
                            sample(
                                    lines,
                                    "requests_total",
                                    labels(one, "status", status == 0 ? "none" : "" + status),
                                    count));
            out.append(lines);
        }
    }

    private void failures() throws IOException {
        family("failures_total", "counter", "Requests that ended with an error code.");
        for (RouterStats.Counted one : counted) {
            StringBuilder lines = new StringBuilder();
            stats.traffic(one)
                    .forEachCode((code, count) ->
                            sample(
                                    lines,
                                    "failures_total",
                                    labels(one, "code", "H" + code),
                                    count));
            out.append(lines);
        }
    }

    private void sentBytes() throws IOException {
        family("sent_bytes_total", "counter", "Bytes of answers sent to clients.");
        for (RouterStats.Counted one : counted) {
            StringBuilder line = new StringBuilder();
            sample(line, "sent_bytes_total", labels(one), stats.traffic(one).sentBytes());
            out.append(line);
        }
    }

    private void inFlight() throws IOException {
        family("in_flight", "gauge", "Requests at the dyno now.");
        for (RouterStats.Counted one : counted) {
            if (one.key() instanceof RoutedApp app) {
                StringBuilder lines = new StringBuilder();
                for (var dyno : app.snapshot(System.nanoTime()).dynos()) {
                    RouterStats.Counted at = new RouterStats.Counted(app, one.app(), dyno.name());
                    sample(lines, "in_flight", labels(at), dyno.inFlight());
                }
                out.append(lines);
            }
        }
    }

    private void queued() throws IOException {
        family("queued", "gauge", "Requests that wait for a dyno of the app now.");
        for (RouterStats.Counted one : counted) {
            if (one.key() instanceof RoutedApp app) {
                StringBuilder line = new StringBuilder();
                String labels = "app=\"" + escaped(one.app()) + "\"";
                sample(line, "queued", labels, app.snapshot(System.nanoTime()).queued());
                out.append(line);
            }
        }
    }

    private void times(
            String name,
            String help,
            Function<Traffic, Traffic.Times> which,
            int firstPower,
            int lastPower)
            throws IOException {
        family(name, "histogram", help);
        for (RouterStats.Counted one : counted) {
            Traffic.Times times = which.apply(stats.traffic(one));
            long count = times.count();
            if (count > 0) {
                StringBuilder lines = new StringBuilder();
                for (int power = firstPower; power <= lastPower; power++) {
                    long micros = 1L << power;
                    String labels = labels(one, "le", seconds(micros));
                    sample(lines, name + "_bucket", labels, times.upTo(micros));
                }
                sample(lines, name + "_bucket", labels(one, "le", "+Inf"), count);
                line(lines, name + "_sum", labels(one), seconds(times.sumMicros()));
                sample(lines, name + "_count", labels(one), count);
                out.append(lines);
            }
        }
    }

    private void single(String name, String type, String help, long value) throws IOException {
        family(name, type, help);
        out.append(PREFIX).append(name).append(' ').append(Long.toString(value)).append('\n');
    }

    private void family(String name, String type, String help) throws IOException {
        out.append("# HELP ").append(PREFIX).append(name).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(PREFIX).append(name).append(' ').append(type).append('\n');
    }

    private static void sample(StringBuilder lines, String name, String labels, long value) {
        line(lines, name, labels, Long.toString(value));
    }

    private static void line(StringBuilder lines, String name, String labels, String value) {
        lines.append(PREFIX).append(name).append('{').append(labels).append("} ");
        lines.append(value).append('\n');
    }

    private static String labels(RouterStats.Counted one) {
        return "app=\"" + escaped(one.app()) + "\",dyno=\"" + escaped(one.dyno()) + "\"";
    }

    private static String labels(RouterStats.Counted one, String name, String value) {
        return labels(one) + "," + name + "=\"" + value + "\"";
    }

    private static String escaped(String value) {
        return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }

    private static String seconds(long micros) {
        return BigDecimal.valueOf(micros, MICRO_DIGITS).stripTrailingZeros().toPlainString();
    }
}
