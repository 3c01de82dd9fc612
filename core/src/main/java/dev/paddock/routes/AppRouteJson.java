package dev.paddock.routes;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// The parts of a routing table as JSON; the only place that knows their field names.
final class AppRouteJson {
    private static final String PEM = "-----BEGIN";
    private static final Pattern HOST = Pattern.compile("(\\*\\.)?[^*\\s/@,#]+");
    private static final Pattern ADDRESS =
            Pattern.compile("(\\d{1,3}(?:\\.\\d{1,3}){3}|\\[[0-9A-Fa-f:.]+\\]):(\\d{1,5})");
    private static final int MAX_PORT = 65535;

    private static final List<String> TIMEOUT_FIELDS =
            List.of(
                    "first_byte_ms",
                    "idle_ms",
                    "connect_ms",
                    "header_ms",
                    "keepalive_ms",
                    "dyno_keepalive_ms",
                    "queue_ms",
                    "boot_ms",
                    "quarantine_ms",
                    "drain_ms");

    private AppRouteJson() {}

    /// @param certificateFile turns a path into PEM text
    static AppRoute readApp(JsonReader in, UnaryOperator<String> certificateFile) {
        Fields app = new Fields();
        in.object(field -> {
            if (in.isNull()) {
                return;
            }
            switch (field) {
                case "id" -> app.id = in.string();
                case "name" -> app.name = readNonEmpty(in);
                case "hosts" -> {
                    List<String> hosts = new ArrayList<>();
                    in.array(() -> hosts.add(readHost(in)));
                    app.hosts = hosts;
                }
                case "status" -> app.status = in.label(AppRoute.Status.class, '_');
                case "maintenance" -> app.maintenance = in.bool();
                case "balance" -> app.balance = in.label(AppRoute.Balance.class, '-');
                case "affinity" -> app.affinity = in.bool();
                case "max_in_flight_per_dyno" -> app.maxInFlight = readSome(in, 1);
                case "max_backlog" -> app.maxBacklog = readSome(in, 0);
                case "continue" -> app.endToEnd = readContinue(in);
                case "dyno_keepalive" -> app.keepalive = in.bool();
                case "maintenance_page" -> app.maintenancePage = readPage(in);
                case "error_page" -> app.errorPage = readPage(in);
                case "first_byte_ms" -> app.firstByteMs = readSome(in, 1);
                case "certificate" ->
                        app.certificate =
                                Optional.of(
                                        readCertificate(in, certificateFile, new ArrayList<>()));
                case "host_certificates" ->
                        in.array(() -> readHostCertificate(in, certificateFile, app));
                case "dynos" -> {
                    List<DynoRoute> dynos = new ArrayList<>();
                    in.array(() -> dynos.add(readDyno(in)));
                    app.dynos = dynos;
                }
                default -> in.skip();
            }
        });
        return app.toRoute(in);
    }

    static Timeouts readTimeouts(JsonReader in) {
        int[] ms = toArray(Timeouts.DEFAULT);
        in.object(field -> {
            int at = TIMEOUT_FIELDS.indexOf(field);
            if (at >= 0) {
                ms[at] = in.integer(1);
            } else {
                in.skip();
            }
        });
        return new Timeouts(ms[0], ms[1], ms[2], ms[3], ms[4], ms[5], ms[6], ms[7], ms[8], ms[9]);
    }

    static void write(JsonGenerator out, Timeouts timeouts) {
        int[] ms = toArray(timeouts);
        out.writeStartObject();
        for (int i = 0; i < ms.length; i++) {
            out.writeNumberProperty(TIMEOUT_FIELDS.get(i), ms[i]);
        }
        out.writeEndObject();
    }

    static void write(JsonGenerator out, AppRoute app) {
        out.writeStartObject();
        out.writeStringProperty("id", app.id());
        out.writeStringProperty("name", app.name());
        out.writeArrayPropertyStart("hosts");
        app.hosts().forEach(out::writeString);
        out.writeEndArray();
        out.writeStringProperty("status", written(app.status(), '_'));
        out.writeBooleanProperty("maintenance", app.maintenance());
        out.writeStringProperty("balance", written(app.balance(), '-'));
        out.writeBooleanProperty("affinity", app.affinity());
        writeSome(out, "max_in_flight_per_dyno", app.maxInFlightPerDyno());
        writeSome(out, "max_backlog", app.maxBacklog());
        out.writeStringProperty("continue", app.continueEndToEnd() ? "end_to_end" : "router");
        out.writeBooleanProperty("dyno_keepalive", app.dynoKeepalive());
        app.maintenancePage().ifPresent(p -> out.writeStringProperty("maintenance_page", p));
        app.errorPage().ifPresent(p -> out.writeStringProperty("error_page", p));
        writeSome(out, "first_byte_ms", app.firstByteMs());
        app.certificate()
                .ifPresent(certificate -> {
                    out.writeObjectPropertyStart("certificate");
                    write(out, certificate);
                    out.writeEndObject();
                });
        writeHostCertificates(out, app);
        out.writeArrayPropertyStart("dynos");
        for (DynoRoute dyno : app.dynos()) {
            out.writeStartObject();
            out.writeStringProperty("name", dyno.name());
            out.writeStringProperty("address", dyno.address());
            out.writeStringProperty("state", written(dyno.state(), '_'));
            out.writeEndObject();
        }
        out.writeEndArray();
        out.writeEndObject();
    }

    private static void write(JsonGenerator out, Certificate certificate) {
        out.writeStringProperty("chain", certificate.chain());
        out.writeStringProperty("key", certificate.key());
    }

    /// Each certificate once, with the hosts that show it.
    private static void writeHostCertificates(JsonGenerator out, AppRoute app) {
        if (app.hostCertificates().isEmpty()) {
            return;
        }
        Map<Certificate, List<String>> hosts = new LinkedHashMap<>();
        app.hostCertificates()
                .forEach((host, certificate) ->
                        hosts.computeIfAbsent(certificate, _ -> new ArrayList<>()).add(host));
        out.writeArrayPropertyStart("host_certificates");
        hosts.forEach((certificate, names) -> {
            out.writeStartObject();
            out.writeArrayPropertyStart("hosts");
            names.forEach(out::writeString);
            out.writeEndArray();
            write(out, certificate);
            out.writeEndObject();
        });
        out.writeEndArray();
    }

    /// In the order of [#TIMEOUT_FIELDS].
    private static int[] toArray(Timeouts t) {
        return new int[] {
            t.firstByte(),
            t.idle(),
            t.connect(),
            t.header(),
            t.keepalive(),
            t.dynoKeepalive(),
            t.queue(),
            t.boot(),
            t.quarantine(),
            t.drain()
        };
    }

    private static DynoRoute readDyno(JsonReader in) {
        String[] texts = new String[2];
        DynoRoute.State[] state = {DynoRoute.State.UP};
        in.object(field -> {
            switch (field) {
                case "name" -> texts[0] = readNonEmpty(in);
                case "address" -> texts[1] = readAddress(in);
                case "state" -> state[0] = in.label(DynoRoute.State.class, '_');
                default -> in.skip();
            }
        });
        String name = required(in, texts[0], "a dyno with a `name`");
        String address = required(in, texts[1], "a dyno with an `address`");
        if (address.isEmpty() && state[0] == DynoRoute.State.UP) {
            throw in.unfit("an `address` for the dyno " + name + ", which is up");
        }
        return new DynoRoute(name, address, state[0]);
    }

    private static void readHostCertificate(JsonReader in, UnaryOperator<String> file, Fields app) {
        List<String> hosts = new ArrayList<>();
        Certificate certificate = readCertificate(in, file, hosts);
        hosts.forEach(host -> app.hostCertificates.put(host, certificate));
    }

    /// @param hosts gets those that the certificate is said to be for
    private static Certificate readCertificate(
            JsonReader in, UnaryOperator<String> file, List<String> hosts) {
        String[] texts = new String[2];
        in.object(field -> {
            switch (field) {
                case "chain" -> texts[0] = in.string();
                // One key may stand behind all certificates of a table.
                case "key" -> texts[1] = in.repeatedString();
                case "hosts" -> in.array(() -> hosts.add(readHost(in)));
                default -> in.skip();
            }
        });
        String chain = required(in, texts[0], "a certificate with a `chain`");
        String key = required(in, texts[1], "a certificate with a `key`");
        return new Certificate(
                chain.contains(PEM) ? chain : file.apply(chain),
                key.contains(PEM) ? key : file.apply(key));
    }

    private static String required(JsonReader in, @Nullable String value, String wanted) {
        if (value == null) {
            throw in.unfit(wanted);
        }
        return value;
    }

    private static String readNonEmpty(JsonReader in) {
        String text = in.string();
        if (text.isBlank()) {
            throw in.unfit("a name");
        }
        return text;
    }

    private static String readHost(JsonReader in) {
        String host = in.string().toLowerCase(Locale.ROOT);
        if (!HOST.matcher(host).matches()) {
            throw in.unfit("a host name, or `*.` before one");
        }
        return host;
    }

    private static String readAddress(JsonReader in) {
        String address = in.string();
        var match = ADDRESS.matcher(address);
        if (!address.isEmpty()
                && (!match.matches() || Integer.parseInt(match.group(2)) > MAX_PORT)) {
            throw in.unfit("an address like 127.0.0.1:9001 or [::1]:9001");
        }
        return address;
    }

    private static boolean readContinue(JsonReader in) {
        return switch (in.string()) {
            case "router" -> false;
            case "end_to_end" -> true;
            default -> throw in.unfit("router or end_to_end");
        };
    }

    private static OptionalInt readSome(JsonReader in, int least) {
        return OptionalInt.of(in.integer(least));
    }

    private static Optional<String> readPage(JsonReader in) {
        return Optional.of(in.string()).filter(url -> !url.isEmpty());
    }

    private static void writeSome(JsonGenerator out, String name, OptionalInt value) {
        if (value.isPresent()) {
            out.writeNumberProperty(name, value.getAsInt());
        }
    }

    private static String written(Enum<?> label, char separator) {
        return label.name().toLowerCase(Locale.ROOT).replace('_', separator);
    }

    /// What was read of an app so far, with the defaults of what is not said.
    private static final class Fields {
        String id = "";
        @Nullable String name;
        @Nullable List<String> hosts;
        AppRoute.Status status = AppRoute.Status.NORMAL;
        boolean maintenance;
        AppRoute.Balance balance = AppRoute.Balance.LEAST;
        boolean affinity;
        OptionalInt maxInFlight = OptionalInt.empty();
        OptionalInt maxBacklog = OptionalInt.empty();
        boolean endToEnd;
        boolean keepalive = true;
        Optional<String> maintenancePage = Optional.empty();
        Optional<String> errorPage = Optional.empty();
        OptionalInt firstByteMs = OptionalInt.empty();
        Optional<Certificate> certificate = Optional.empty();
        final Map<String, Certificate> hostCertificates = new HashMap<>();
        @Nullable List<DynoRoute> dynos;

        AppRoute toRoute(JsonReader in) {
            String known = required(in, name, "an app with a `name`");
            if (hosts == null) {
                throw in.unfit("`hosts` for the app " + known);
            }
            if (dynos == null) {
                throw in.unfit("`dynos` for the app " + known);
            }
            return new AppRoute(
                    id,
                    known,
                    Objects.requireNonNull(hosts),
                    status,
                    maintenance,
                    balance,
                    affinity,
                    maxInFlight,
                    maxBacklog,
                    endToEnd,
                    keepalive,
                    maintenancePage,
                    errorPage,
                    firstByteMs,
                    certificate,
                    hostCertificates,
                    Objects.requireNonNull(dynos));
        }
    }
}
