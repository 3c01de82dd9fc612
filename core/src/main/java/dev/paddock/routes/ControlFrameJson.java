package dev.paddock.routes;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import tools.jackson.core.JsonGenerator;

/// The bodies of control frames as JSON. An instance holds what was read of one body; a field name means the same in
/// all frames, but for `apps`, which are routes or loads.
final class ControlFrameJson {
    int protocol;
    long table;
    long from;
    long haveTable;
    String name = "";
    String version = "";
    String app = "";
    String dyno = "";
    String kind = "";
    String socketPath = "";
    Timeouts timeouts = Timeouts.DEFAULT;
    private final UnaryOperator<AppRoute> known;
    final List<AppRoute> routes = new ArrayList<>();
    final List<String> gone = new ArrayList<>();
    final List<ControlFrame.AppLoad> loads = new ArrayList<>();
    final List<ControlFrame.Leaving> leaving = new ArrayList<>();

    /// @param known gives back an equal route that is in memory already, or the same
    ControlFrameJson(UnaryOperator<AppRoute> known) {
        this.known = known;
    }

    /// @param loads whether `apps` are loads
    void readFields(JsonReader in, boolean loads) {
        in.object(field -> {
            switch (field) {
                case "protocol" -> protocol = in.integer(0);
                case "table" -> table = in.longInteger(0, Long.MAX_VALUE);
                case "from" -> from = in.longInteger(0, Long.MAX_VALUE);
                case "haveTable" -> haveTable = in.longInteger(0, Long.MAX_VALUE);
                case "name" -> name = in.string();
                case "version" -> version = in.string();
                case "app" -> app = in.string();
                case "dyno" -> dyno = in.string();
                case "kind" -> kind = in.string();
                case "socketPath" -> socketPath = in.string();
                case "timeouts" -> timeouts = AppRouteJson.readTimeouts(in);
                case "apps" ->
                        in.array(() -> {
                            if (loads) {
                                this.loads.add(readLoad(in));
                            } else {
                                routes.add(
                                        known.apply(
                                                AppRouteJson.readApp(
                                                        in, ControlFrameJson::noFile)));
                            }
                        });
                case "gone" -> in.array(() -> gone.add(in.string()));
                case "leaving" -> in.array(() -> leaving.add(readLeaving(in)));
                default -> in.skip();
            }
        });
    }

    static void writeFields(JsonGenerator out, ControlFrame frame) {
        switch (frame) {
            case ControlFrame.Hello(int protocol, String name, String version, long haveTable) -> {
                out.writeNumberProperty("protocol", protocol);
                out.writeStringProperty("name", name);
                out.writeStringProperty("version", version);
                out.writeNumberProperty("haveTable", haveTable);
            }
            case ControlFrame.Snapshot(long table, RoutingTable routes) -> {
                out.writeNumberProperty("table", table);
                RoutesJson.writeTable(out, routes);
            }
            case ControlFrame.Change(
                            long table,
                            long from,
                            List<AppRoute> apps,
                            List<String> gone) -> {
                out.writeNumberProperty("table", table);
                out.writeNumberProperty("from", from);
                out.writeArrayPropertyStart("apps");
                apps.forEach(app -> AppRouteJson.write(out, app));
                out.writeEndArray();
                out.writeArrayPropertyStart("gone");
                gone.forEach(out::writeString);
                out.writeEndArray();
            }
            case ControlFrame.Serving(long table, List<ControlFrame.Leaving> leaving) -> {
                out.writeNumberProperty("table", table);
                out.writeArrayPropertyStart("leaving");
                leaving.forEach(dyno -> writeLeaving(out, dyno));
                out.writeEndArray();
            }
            case ControlFrame.Wake(String app) -> out.writeStringProperty("app", app);
            case ControlFrame.Load(List<ControlFrame.AppLoad> apps) -> {
                out.writeArrayPropertyStart("apps");
                apps.forEach(load -> writeLoad(out, load));
                out.writeEndArray();
            }
            case ControlFrame.Trouble(String app, String dyno, String kind) -> {
                out.writeStringProperty("app", app);
                out.writeStringProperty("dyno", dyno);
                out.writeStringProperty("kind", kind);
            }
            case ControlFrame.Handover(String socketPath) ->
                    out.writeStringProperty("socketPath", socketPath);
            case ControlFrame.Ping _, ControlFrame.Pong _ -> {}
        }
    }

    private static void writeLoad(JsonGenerator out, ControlFrame.AppLoad load) {
        out.writeStartObject();
        out.writeStringProperty("app", load.app());
        out.writeArrayPropertyStart("dynos");
        for (ControlFrame.DynoLoad dyno : load.dynos()) {
            out.writeStartObject();
            out.writeStringProperty("name", dyno.name());
            out.writeNumberProperty("inFlight", dyno.inFlight());
            out.writeEndObject();
        }
        out.writeEndArray();
        out.writeNumberProperty("queued", load.queued());
        out.writeNumberProperty("oldestWaitMs", load.oldestWaitMs());
        out.writeNumberProperty("rps", load.rps());
        out.writeNumberProperty("p50", load.p50());
        out.writeNumberProperty("p95", load.p95());
        out.writeNumberProperty("p99", load.p99());
        out.writeEndObject();
    }

    /// Certificates travel inline, so no frame makes the reader open a file.
    private static String noFile(String path) {
        throw new IllegalArgumentException("certificates must be inline PEM text");
    }

    private static ControlFrame.AppLoad readLoad(JsonReader in) {
        String[] app = {""};
        List<ControlFrame.DynoLoad> dynos = new ArrayList<>();
        long[] counts = new long[2];
        double[] rates = new double[4];
        in.object(field -> {
            switch (field) {
                case "app" -> app[0] = in.string();
                case "dynos" -> in.array(() -> dynos.add(readDynoLoad(in)));
                case "queued" -> counts[0] = in.integer(0);
                case "oldestWaitMs" -> counts[1] = in.longInteger(0, Long.MAX_VALUE);
                case "rps" -> rates[0] = in.number();
                case "p50" -> rates[1] = in.number();
                case "p95" -> rates[2] = in.number();
                case "p99" -> rates[3] = in.number();
                default -> in.skip();
            }
        });
        return new ControlFrame.AppLoad(
                app[0], dynos, (int) counts[0], counts[1], rates[0], rates[1], rates[2], rates[3]);
    }

    private static void writeLeaving(JsonGenerator out, ControlFrame.Leaving dyno) {
        out.writeStartObject();
        out.writeStringProperty("app", dyno.app());
        out.writeStringProperty("address", dyno.address());
        out.writeEndObject();
    }

    private static ControlFrame.Leaving readLeaving(JsonReader in) {
        String[] dyno = {"", ""};
        in.object(field -> {
            switch (field) {
                case "app" -> dyno[0] = in.string();
                case "address" -> dyno[1] = in.string();
                default -> in.skip();
            }
        });
        return new ControlFrame.Leaving(dyno[0], dyno[1]);
    }

    private static ControlFrame.DynoLoad readDynoLoad(JsonReader in) {
        String[] name = {""};
        int[] inFlight = {0};
        in.object(field -> {
            switch (field) {
                case "name" -> name[0] = in.string();
                case "inFlight" -> inFlight[0] = in.integer(0);
                default -> in.skip();
            }
        });
        return new ControlFrame.DynoLoad(name[0], inFlight[0]);
    }
}
