package dev.paddock.router;

import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// What the router is told on its command line.
///
/// Read by hand: the library that reads the other commands' lines takes a fifth of this program's start (ADR 6).
///
/// @param routes the file that says what to route; else `control` does
/// @param control the platform's socket, with `state`
record RouterOptions(
        HostPort http,
        Optional<HostPort> https,
        Optional<HostPort> admin,
        Optional<Path> routes,
        Optional<Path> control,
        Optional<String> log,
        Optional<Path> state,
        Optional<Path> handover,
        int loops,
        boolean proxyProtocol) {
    static final String HELP =
            """
            Usage: paddock router --http HOST:PORT (--routes FILE | --control SOCKET --state DIR)
                                  [--https HOST:PORT] [--admin HOST:PORT] [--log FILE]
                                  [--handover SOCKET] [--loops N] [--proxy-protocol]
            Routes HTTP and HTTPS to web dynos.
              --http HOST:PORT    Listen for HTTP.
              --https HOST:PORT   Listen for HTTPS.
              --admin HOST:PORT   Serve /metrics.
              --routes FILE       Routes as JSON; read again when the file changes and on
                                  SIGHUP.
              --control SOCKET    Socket of the platform that says what to route.
              --log FILE          Where request lines go, - for standard output. With
                                  --control: lines of requests that are for no app; default
                                  standard error.
              --state DIR         With --control: keeps the last routes and the request lines
                                  of apps.
              --handover SOCKET   Take over the listeners of the router that runs with the
                                  same option, which then ends without losing a request; and
                                  hand them over likewise.
              --loops N           Event loops, each a thread with its own connections;
                                  default: the cores.
              --proxy-protocol    Every connection comes from a proxy that begins it with the
                                  PROXY protocol, version 1 or 2; let nobody else reach the
                                  ports.
              -h, --help          Show this help and exit.
              -V, --version       Print the version and exit.
            """;

    private static final String HTTP = "--http";
    private static final String HTTPS = "--https";
    private static final String ADMIN = "--admin";
    private static final String ROUTES = "--routes";
    private static final String CONTROL = "--control";
    private static final String LOG = "--log";
    private static final String STATE = "--state";
    private static final String HANDOVER = "--handover";
    private static final String LOOPS = "--loops";
    private static final String PROXY_PROTOCOL = "--proxy-protocol";

    private static final List<String> WITH_VALUE =
            List.of(HTTP, HTTPS, ADMIN, ROUTES, CONTROL, LOG, STATE, HANDOVER, LOOPS);

    /// A command line that cannot be followed; the message says why.
    static final class UsageException extends Exception {
        private static final long serialVersionUID = 1;

        UsageException(String message) {
            super(message);
        }
    }

    /// Options come as `--name VALUE` or `--name=VALUE`, each once.
    static RouterOptions parse(String... words) throws UsageException {
        Map<String, String> given = given(List.of(words));
        String http = given.get(HTTP);
        if (http == null) {
            throw new UsageException("--http HOST:PORT is missing");
        }
        if (given.containsKey(ROUTES) == given.containsKey(CONTROL)) {
            throw new UsageException(
                    "say where the routes come from: either --routes FILE or --control SOCKET");
        }
        if (given.containsKey(CONTROL) && !given.containsKey(STATE)) {
            throw new UsageException("--control needs --state DIR");
        }
        return new RouterOptions(
                HostPort.parse(HTTP, http),
                address(given, HTTPS),
                address(given, ADMIN),
                optional(given, ROUTES, Path::of),
                optional(given, CONTROL, Path::of),
                optional(given, LOG, Function.identity()),
                optional(given, STATE, Path::of),
                optional(given, HANDOVER, Path::of),
                loops(given),
                given.containsKey(PROXY_PROTOCOL));
    }

    /// Whether the words ask for HTTPS, before all else about them is known.
    static boolean wantTls(String... words) {
        for (String word : words) {
            if (word.equals(HTTPS) || word.startsWith(HTTPS + "=")) {
                return true;
            }
        }
        return false;
    }

    private static Map<String, String> given(List<String> words) throws UsageException {
        Map<String, String> given = new HashMap<>();
        for (Iterator<String> rest = words.iterator(); rest.hasNext(); ) {
            String word = rest.next();
            int equals = word.indexOf('=');
            String name = equals < 0 ? word : word.substring(0, equals);
            String value;
            if (word.equals(PROXY_PROTOCOL)) {
                value = "";
            } else if (!WITH_VALUE.contains(name)) {
                throw new UsageException("'" + word + "' is no option");
            } else if (equals >= 0) {
                value = word.substring(equals + 1);
            } else {
                value = rest.hasNext() ? rest.next() : "";
                if (value.startsWith("--")) {
                    throw new UsageException(name + " needs a value, not " + value);
                }
            }
            if (value.isEmpty() && !name.equals(PROXY_PROTOCOL)) {
                throw new UsageException(name + " needs a value");
            }
            if (given.put(name, value) != null) {
                throw new UsageException(name + " is given twice");
            }
        }
        return given;
    }

    private static <T> Optional<T> optional(
            Map<String, String> given, String name, Function<String, T> of) {
        return Optional.ofNullable(given.get(name)).map(of);
    }

    private static Optional<HostPort> address(Map<String, String> given, String name)
            throws UsageException {
        String text = given.get(name);
        return text == null ? Optional.empty() : Optional.of(HostPort.parse(name, text));
    }

    private static int loops(Map<String, String> given) throws UsageException {
        String text = given.get(LOOPS);
        if (text == null) {
            return Runtime.getRuntime().availableProcessors();
        }
        try {
            int loops = Integer.parseInt(text);
            if (loops >= 1 && loops <= EventLoops.MOST) {
                return loops;
            }
        } catch (NumberFormatException _) {
            // Said below.
        }
        throw new UsageException(
                LOOPS + " '" + text + "' is not a number from 1 to " + EventLoops.MOST);
    }

    /// An address to listen on.
    record HostPort(String host, int port) {
        private static HostPort parse(String option, String text) throws UsageException {
            int colon = text.lastIndexOf(':');
            String host = colon < 0 ? "" : text.substring(0, colon);
            if (host.startsWith("[") && host.endsWith("]")) {
                host = host.substring(1, host.length() - 1);
            }
            try {
                int port = Integer.parseInt(text.substring(colon + 1));
                if (!host.isEmpty() && port >= 0 && port <= 65535) {
                    return new HostPort(host, port);
                }
            } catch (NumberFormatException _) {
                // Said below.
            }
            throw new UsageException(
                    option + " '" + text + "' is no HOST:PORT, like 127.0.0.1:8080 or [::]:8080");
        }

        InetSocketAddress address() {
            return new InetSocketAddress(host, port);
        }

        static String text(InetSocketAddress address) {
            String host = NetUtil.toAddressString(address.getAddress());
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
        }
    }
}
