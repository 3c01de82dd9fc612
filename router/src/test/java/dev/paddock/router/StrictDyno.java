package dev.paddock.router;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/// A dyno that reads requests to the letter of RFC 9112 and remembers whatever should never have reached it.
final class StrictDyno implements AutoCloseable {
    private static final Pattern REQUEST_LINE =
            Pattern.compile(
                    "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,127} [\\x21-\\x7e\\x80-\\xff]{1,8192} HTTP/1\\.1");
    private static final Pattern HEADER =
            Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,1000}:[\\t\\x20-\\x7e\\x80-\\xff]*");
    private static final Pattern LENGTH = Pattern.compile("0*[0-9]{1,19}");
    private static final Pattern CHUNK_SIZE = Pattern.compile("[0-9a-fA-F]{1,16}");
    private static final Set<String> CONNECTION_OPTIONS = Set.of("keep-alive", "close", "upgrade");
    private static final int MAX_LINE = 20_000;

    private final String host;
    private final Pattern client;
    private final ServerSocket server;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Queue<String> faults = new ConcurrentLinkedQueue<>();
    private final AtomicInteger requests = new AtomicInteger();

    /// @param host the only host whose requests may come here
    StrictDyno(String host) {
        this(host, "127[.]0[.]0[.]1");
    }

    /// @param client the addresses that requests may come from
    StrictDyno(String host, String client) {
        this.host = host;
        this.client = Pattern.compile("(?s)(.*, )?" + client);
        try {
            server = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        Thread.ofVirtual().start(this::accept);
    }

    String address() {
        return "127.0.0.1:" + server.getLocalPort();
    }

    Queue<String> faults() {
        return faults;
    }

    int requests() {
        return requests.get();
    }

    int connections() {
        return open.size();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                open.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException _) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket;
                InputStream in = new BufferedInputStream(socket.getInputStream())) {
            while (true) {
                List<String> head = readHead(in);
                if (head.isEmpty()) {
                    return;
                }
                requests.incrementAndGet();
                check(head);
                readBody(head, in);
                if (head.getFirst().contains(" " + HostileFrames.UNFINISHED + " ")) {
                    throw new Violation("a body that has no end");
                }
                boolean bodiless = head.getFirst().startsWith("HEAD ");
                socket.getOutputStream()
                        .write(
                                ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
                                                + (bodiless ? "" : "ok"))
                                        .getBytes(StandardCharsets.ISO_8859_1));
            }
        } catch (EOFException _) {
            // Cut off in the middle of a request, as clients were.
        } catch (Violation violation) {
            faults.add(violation.getMessage());
        } catch (IOException _) {
            // Reset by the router.
        } finally {
            open.remove(socket);
        }
    }

    /// The lines of a head; none at a clean end of the connection.
    private List<String> readHead(InputStream in) throws IOException {
        List<String> lines = new ArrayList<>();
        in.mark(1);
        if (in.read() < 0) {
            return lines;
        }
        in.reset();
        while (true) {
            String line = readLine(in);
            if (line.isEmpty()) {
                if (lines.isEmpty()) {
                    throw new Violation("an empty line instead of a request");
                }
                return lines;
            }
            lines.add(line);
        }
    }

    private static String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        while (line.length() < MAX_LINE) {
            int b = in.read();
            if (b < 0) {
                throw new EOFException();
            }
            if (b == '\n') {
                throw new Violation("a bare line feed after " + line);
            }
            if (b == '\r') {
                int next = in.read();
                if (next < 0) {
                    throw new EOFException();
                }
                if (next != '\n') {
                    throw new Violation("a bare carriage return after " + line);
                }
                return line.toString();
            }
            line.append((char) b);
        }
        throw new Violation("a line without end: " + line);
    }

    private void check(List<String> head) {
        if (!REQUEST_LINE.matcher(head.getFirst()).matches()) {
            throw new Violation("request line " + head.getFirst());
        }
        for (String line : head.subList(1, head.size())) {
            if (!HEADER.matcher(line).matches()) {
                throw new Violation("header line " + line);
            }
        }
        List<String> hosts = values(head, "host");
        if (hosts.size() != 1
                || !hosts.getFirst().toLowerCase(Locale.ROOT).matches(host + "(:[0-9]*)?")) {
            throw new Violation("hosts " + hosts);
        }
        for (String name :
                List.of(
                        "x-forwarded-for",
                        "x-forwarded-proto",
                        "x-forwarded-port",
                        "x-request-id",
                        "via")) {
            if (values(head, name).size() != 1) {
                throw new Violation(name + " " + values(head, name));
            }
        }
        if (!client.matcher(values(head, "x-forwarded-for").getFirst()).matches()) {
            throw new Violation("x-forwarded-for " + values(head, "x-forwarded-for"));
        }
        for (String name :
                List.of(
                        "keep-alive",
                        "te",
                        "proxy-authorization",
                        "proxy-connection",
                        "http2-settings")) {
            if (!values(head, name).isEmpty()) {
                throw new Violation(name + " is hop by hop");
            }
        }
        for (String value : values(head, "connection")) {
            if (!CONNECTION_OPTIONS.contains(value.toLowerCase(Locale.ROOT))) {
                throw new Violation("connection " + value);
            }
        }
    }

    private static void readBody(List<String> head, InputStream in) throws IOException {
        List<String> lengths = values(head, "content-length");
        List<String> codings = values(head, "transfer-encoding");
        if (lengths.size() + codings.size() > 1) {
            throw new Violation("lengths " + lengths + " and codings " + codings);
        }
        if (!codings.isEmpty()) {
            if (!codings.getFirst().equals("chunked")) {
                throw new Violation("transfer-encoding " + codings);
            }
            readChunks(in);
        } else if (!lengths.isEmpty()) {
            if (!LENGTH.matcher(lengths.getFirst()).matches()) {
                throw new Violation("content-length " + lengths);
            }
            in.skipNBytes(Long.parseLong(lengths.getFirst()));
        }
    }

    private static void readChunks(InputStream in) throws IOException {
        while (true) {
            String size = readLine(in);
            if (!CHUNK_SIZE.matcher(size).matches()) {
                throw new Violation("chunk size " + size);
            }
            long bytes = Long.parseLong(size, 16);
            if (bytes == 0) {
                for (String line = readLine(in); !line.isEmpty(); line = readLine(in)) {
                    if (!HEADER.matcher(line).matches()) {
                        throw new Violation("trailer " + line);
                    }
                }
                return;
            }
            in.skipNBytes(bytes);
            if (!readLine(in).isEmpty()) {
                throw new Violation("bytes behind a chunk");
            }
        }
    }

    private static List<String> values(List<String> head, String name) {
        return head.stream()
                .skip(1)
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).strip())
                .toList();
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : open) {
            socket.close();
        }
    }

    /// What the router let through.
    private static final class Violation extends RuntimeException {
        private static final long serialVersionUID = 1;

        Violation(String message) {
            super(message);
        }
    }
}
