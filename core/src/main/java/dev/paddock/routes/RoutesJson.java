package dev.paddock.routes;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.exc.JacksonIOException;

/// The routing table as JSON: the routes file of `paddock router` (router.md section 1).
public final class RoutesJson {
    private RoutesJson() {}

    /// Parses a routes file. Certificates are given as paths (relative to `directory`) or inline as PEM text.
    ///
    /// @param known gives back an equal route that is in memory already, or the same
    /// @throws IllegalArgumentException when the text is no JSON or does not fit, naming the place
    /// @throws IOException when it or a certificate file cannot be read
    public static RoutingTable parse(
            InputStream json, Path directory, UnaryOperator<AppRoute> known) throws IOException {
        RoutingTable[] table = new RoutingTable[1];
        try {
            JsonReader.read(
                    json, in -> table[0] = readTable(in, path -> readText(directory, path), known));
        } catch (UncheckedIOException unreadable) {
            throw unreadable.getCause();
        }
        refuseDoubles(table[0]);
        return table[0];
    }

    /// Writes the table with certificates inline.
    public static byte[] write(RoutingTable table) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator out =
                JsonReader.FACTORY.createGenerator(ObjectWriteContext.empty(), bytes)) {
            out.writeStartObject();
            writeTable(out, table);
            out.writeEndObject();
        }
        return bytes.toByteArray();
    }

    /// A table with its number, as a router keeps it on disk; also a routes file. Written piece by piece, for it may
    /// be larger than what is left of a small heap.
    ///
    /// @throws IOException when the stream does not take it
    public static void writeSnapshot(ControlFrame.Snapshot snapshot, OutputStream to)
            throws IOException {
        try (JsonGenerator out =
                JsonReader.FACTORY.createGenerator(ObjectWriteContext.empty(), to)) {
            out.writeStartObject();
            ControlFrameJson.writeFields(out, snapshot);
            out.writeEndObject();
        } catch (JacksonIOException broken) {
            throw broken.getCause();
        }
    }

    /// Reads what [#writeSnapshot] wrote.
    ///
    /// @throws IllegalArgumentException when the text is no JSON or does not fit, naming the place
    /// @throws IOException when it cannot be read
    public static ControlFrame.Snapshot parseSnapshot(InputStream json) throws IOException {
        ControlFrameJson fields = new ControlFrameJson(UnaryOperator.identity());
        JsonReader.read(json, in -> fields.readFields(in, false));
        return new ControlFrame.Snapshot(
                fields.table, new RoutingTable(fields.timeouts, fields.routes));
    }

    private static RoutingTable readTable(
            JsonReader in, UnaryOperator<String> certificateFile, UnaryOperator<AppRoute> known) {
        Timeouts[] timeouts = {Timeouts.DEFAULT};
        List<AppRoute> apps = new ArrayList<>();
        boolean[] listed = {false};
        in.object(field -> {
            switch (field) {
                case "timeouts" -> timeouts[0] = AppRouteJson.readTimeouts(in);
                case "apps" -> {
                    listed[0] = true;
                    in.array(
                            () -> apps.add(known.apply(AppRouteJson.readApp(in, certificateFile))));
                }
                default -> in.skip();
            }
        });
        if (!listed[0]) {
            throw in.unfit("an object with `apps`");
        }
        return new RoutingTable(timeouts[0], apps);
    }

    /// The fields of a table inside an object that is already open.
    static void writeTable(JsonGenerator out, RoutingTable table) {
        out.writeName("timeouts");
        AppRouteJson.write(out, table.timeouts());
        out.writeArrayPropertyStart("apps");
        table.apps().forEach(app -> AppRouteJson.write(out, app));
        out.writeEndArray();
    }

    private static void refuseDoubles(RoutingTable table) {
        Map<String, String> owners = HashMap.newHashMap(2 * table.apps().size());
        Map<String, AppRoute> names = HashMap.newHashMap(table.apps().size());
        for (AppRoute app : table.apps()) {
            if (names.put(app.name(), app) != null) {
                throw new IllegalArgumentException("the app " + app.name() + " is listed twice");
            }
            for (String host : app.hosts()) {
                String other = owners.putIfAbsent(host, app.name());
                if (other != null && !other.equals(app.name())) {
                    throw new IllegalArgumentException(
                            "the host "
                                    + host
                                    + " is in two apps: "
                                    + other
                                    + " and "
                                    + app.name());
                }
            }
        }
    }

    private static String readText(Path directory, String path) {
        Path file = directory.resolve(path);
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.US_ASCII);
        } catch (NoSuchFileException missing) {
            throw new UncheckedIOException(
                    new IOException("the certificate file " + file + " does not exist", missing));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(
                    new IOException(
                            "the certificate file "
                                    + file
                                    + " cannot be read: "
                                    + unreadable.getMessage(),
                            unreadable));
        }
    }
}
