package dev.paddock.server;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/// Load for a router that java watches: a dyno and clients of every kind, so that the archive knows which methods are
/// hot and how, and a later router need not find that out under its users' requests.
final class RouterDrill implements AutoCloseable {
    static final String HOST = "a.localhost";

    private static final String LOOPBACK = "127.0.0.1";
    private static final int CLIENTS_OF_A_KIND = 4;
    private static final int REQUESTS = 200;
    private static final int SMALL = 100;
    private static final int UPLOAD = 10 * 1024;
    private static final int LARGE = 512 * 1024;
    private static final int BACKLOG = 128;
    private static final int SOCKET_MILLIS = 10_000;

    /// HEADERS with END_HEADERS and END_STREAM: GET https://a.localhost/
    private static final byte[] HTTP2_GET = http2Get();

    private static final byte[] HTTP2_BEGIN = http2Begin();
    private static final int STREAMS_AT_ONCE = 16;

    private final ServerSocket dyno;
    private final Set<Socket> accepted = ConcurrentHashMap.newKeySet();
    private final AtomicLong answers = new AtomicLong();

    /// What one client does on one connection.
    private interface Client {
        void run() throws IOException;
    }

    RouterDrill() throws IOException {
        dyno = new ServerSocket(0, BACKLOG, InetAddress.ofLiteral(LOOPBACK));
        var _ = Thread.ofVirtual().start(this::accept);
    }

    /// Where the dyno listens.
    HostPort dyno() {
        return new HostPort(LOOPBACK, dyno.getLocalPort());
    }

    /// Drives the router with all kinds of clients at once: java judges a method by its first calls, and what those never
    /// did is left out of its fast form.
    ///
    /// @return how many answers came
    long drive(HostPort http, HostPort https, Duration time) throws InterruptedException {
        SSLContext tls = trustingAll();
        String get = "GET / HTTP/1.1\r\nHost: " + HOST + "\r\n\r\n";
        String post =
                "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s"
                        .formatted(HOST, UPLOAD, "x".repeat(UPLOAD));
        String last = get.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
        List<Client> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS_OF_A_KIND; i++) {
            clients.add(() -> kept(connect(http), get, REQUESTS));
            clients.add(() -> kept(connect(http), post, REQUESTS));
            clients.add(() -> kept(connect(http), get.replace("GET /", "GET /large"), REQUESTS));
            clients.add(() -> kept(connect(http), get.replace("GET /", "GET /chunks"), REQUESTS));
            clients.add(() -> kept(connect(http), last, 1));
            clients.add(() -> left(connect(http), get));
            clients.add(() -> kept(secure(tls, https, "http/1.1"), get, REQUESTS));
            clients.add(() -> http2(secure(tls, https, "h2"), REQUESTS));
        }
        long end = System.nanoTime() + time.toNanos();
        List<Thread> threads = new ArrayList<>();
        for (Client client : clients) {
            threads.add(Thread.ofVirtual().start(() -> repeat(client, end)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return answers.get();
    }

    @Override
    public void close() throws IOException {
        dyno.close();
        for (Socket socket : accepted) {
            socket.close();
        }
    }

    private static void repeat(Client client, long endNanos) {
        while (System.nanoTime() - endNanos < 0) {
            try {
                client.run();
            } catch (IOException _) {
                // What came until then is counted, and judged by the caller.
            }
        }
    }

    /// One request after the other on one connection.
    private void kept(Socket socket, String request, int requests) throws IOException {
        byte[] bytes = request.getBytes(StandardCharsets.US_ASCII);
        try (socket) {
            OutputStream out = socket.getOutputStream();
            InputStream in = new BufferedInputStream(socket.getInputStream());
            for (int i = 0; i < requests; i++) {
                out.write(bytes);
                Head head = Head.read(in);
                if (head == null) {
                    return;
                }
                if (head.chunked()) {
                    skipChunks(in);
                } else {
                    in.skipNBytes(head.length());
                }
                answers.incrementAndGet();
            }
        }
    }

    /// A client that is gone before its second answer came, with a reset.
    private static void left(Socket socket, String request) throws IOException {
        byte[] bytes = request.getBytes(StandardCharsets.US_ASCII);
        try (socket) {
            socket.getOutputStream().write(bytes);
            Head.read(socket.getInputStream());
            socket.getOutputStream().write(bytes);
            socket.setSoLinger(true, 0);
        }
    }

    private static void skipChunks(InputStream in) throws IOException {
        int length;
        do {
            length = Integer.parseInt(Head.line(in), 16);
            in.skipNBytes(length);
            Head.line(in);
        } while (length > 0);
    }

    /// Streams on one connection, some at a time.
    private void http2(Socket socket, int requests) throws IOException {
        try (socket) {
            OutputStream out = new BufferedOutputStream(socket.getOutputStream());
            DataInputStream in =
                    new DataInputStream(new BufferedInputStream(socket.getInputStream()));
            out.write(HTTP2_BEGIN);
            int stream = 1;
            for (; stream < 2 * STREAMS_AT_ONCE; stream += 2) {
                http2Get(out, stream);
            }
            out.flush();
            while (stream < 2 * requests) {
                int length = (in.readUnsignedShort() << 8) | in.readUnsignedByte();
                int type = in.readUnsignedByte();
                int flags = in.readUnsignedByte();
                in.readInt();
                in.skipNBytes(length);
                boolean answered = (type == 0 || type == 1) && (flags & 1) != 0;
                if (answered) {
                    answers.incrementAndGet();
                    http2Get(out, stream);
                    stream += 2;
                }
                if (in.available() == 0) {
                    out.flush();
                }
            }
        }
    }

    private static void http2Get(OutputStream out, int stream) throws IOException {
        byte[] frame = HTTP2_GET.clone();
        for (int i = 0; i < 4; i++) {
            frame[5 + i] = (byte) (stream >>> (24 - 8 * i));
        }
        out.write(frame);
    }

    /// RFC 9113 section 4.1; the fields by RFC 7541: three of the static table, and the authority as a literal.
    private static byte[] http2Get() {
        byte[] host = HOST.getBytes(StandardCharsets.US_ASCII);
        byte[] frame = new byte[9 + 5 + host.length];
        frame[2] = (byte) (5 + host.length);
        frame[3] = 1;
        frame[4] = 0x4 | 0x1;
        frame[9] = (byte) 0x82;
        frame[10] = (byte) 0x87;
        frame[11] = (byte) 0x84;
        frame[12] = 0x01;
        frame[13] = (byte) host.length;
        System.arraycopy(host, 0, frame, 14, host.length);
        return frame;
    }

    /// The preface, empty settings, and a connection window that is never used up.
    private static byte[] http2Begin() {
        byte[] preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        byte[] frames = {0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 8, 0, 0, 0, 0, 0, 0x3f, 0, 0, 0};
        byte[] begin = new byte[preface.length + frames.length];
        System.arraycopy(preface, 0, begin, 0, preface.length);
        System.arraycopy(frames, 0, begin, preface.length, frames.length);
        return begin;
    }

    private static Socket connect(HostPort server) throws IOException {
        Socket socket = new Socket();
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(SOCKET_MILLIS);
        socket.connect(new InetSocketAddress(server.host(), server.port()), SOCKET_MILLIS);
        return socket;
    }

    private static Socket secure(SSLContext tls, HostPort server, String protocol)
            throws IOException {
        SSLSocket socket =
                (SSLSocket)
                        tls.getSocketFactory()
                                .createSocket(connect(server), HOST, server.port(), true);
        var parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {protocol});
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    /// For a router that we started ourselves a moment ago, with a certificate of its own.
    private static SSLContext trustingAll() {
        TrustManager all =
                new X509TrustManager() {
                    @Override
                    public void checkClientTrusted(X509Certificate[] chain, String type) {}

                    @Override
                    public void checkServerTrusted(X509Certificate[] chain, String type) {}

                    @Override
                    public X509Certificate[] getAcceptedIssuers() {
                        return new X509Certificate[0];
                    }
                };
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {all}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("java without TLS", e);
        }
    }

    // ---- the dyno

    private void accept() {
        while (!dyno.isClosed()) {
            try {
                Socket socket = dyno.accept();
                accepted.add(socket);
                var _ = Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException _) {
                // Closed, or the next one is better.
            }
        }
    }

    private void serve(Socket socket) {
        byte[] small = answer("Content-Length: " + SMALL, "x".repeat(SMALL));
        byte[] large = answer("Content-Length: " + LARGE, "x".repeat(LARGE));
        byte[] chunks =
                answer(
                        "Transfer-Encoding: chunked",
                        ("64\r\n" + "x".repeat(SMALL) + "\r\n").repeat(10) + "0\r\n\r\n");
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            for (Head head = Head.read(in); head != null; head = Head.read(in)) {
                in.skipNBytes(head.length());
                if (head.first().contains("/large")) {
                    out.write(large);
                } else {
                    out.write(head.first().contains("/chunks") ? chunks : small);
                }
            }
        } catch (IOException _) {
            // The router ended the connection.
        } finally {
            accepted.remove(socket);
        }
    }

    private static byte[] answer(String framing, String body) {
        return ("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + framing + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
    }

    /// A head of either side, as far as it matters here.
    private record Head(String first, int length, boolean chunked) {
        private static @Nullable Head read(InputStream in) throws IOException {
            String first = line(in);
            int length = 0;
            boolean chunked = false;
            for (String line = line(in); !line.isEmpty(); line = line(in)) {
                String lower = line.toLowerCase(java.util.Locale.ROOT);
                if (lower.startsWith("content-length:")) {
                    length = Integer.parseInt(lower.substring(lower.indexOf(':') + 1).trim());
                }
                chunked |= lower.equals("transfer-encoding: chunked");
            }
            return first.isEmpty() ? null : new Head(first, length, chunked);
        }

        private static String line(InputStream in) throws IOException {
            StringBuilder line = new StringBuilder();
            for (int c = in.read(); c != '\n' && c >= 0; c = in.read()) {
                if (c != '\r') {
                    line.append((char) c);
                }
            }
            return line.toString();
        }
    }
}
