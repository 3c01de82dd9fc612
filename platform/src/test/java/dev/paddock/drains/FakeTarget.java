package dev.paddock.drains;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/// What drains lead to: a server on a real socket that keeps what it gets and answers as it is told.
abstract class FakeTarget implements AutoCloseable {
    private static final int LIMIT_SECONDS = 30;

    final AtomicInteger connections = new AtomicInteger();
    private final ServerSocket server;
    private final List<Socket> open = new CopyOnWriteArrayList<>();

    FakeTarget(@Nullable SSLContext tls) {
        try {
            server =
                    tls == null
                            ? new ServerSocket(0, 16, InetAddress.getLoopbackAddress())
                            : tls.getServerSocketFactory()
                                    .createServerSocket(0, 16, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void start() {
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                connections.incrementAndGet();
                open.add(socket);
                Thread.ofVirtual().start(() -> serveQuietly(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serveQuietly(Socket socket) {
        try (socket) {
            serve(socket);
        } catch (IOException | InterruptedException e) {
            // The drain went away, or the test is over.
        }
    }

    abstract void serve(Socket socket) throws IOException, InterruptedException;

    /// Cuts all connections.
    void cut() throws IOException {
        for (Socket socket : open) {
            socket.close();
        }
        open.clear();
    }

    @Override
    public void close() throws IOException {
        server.close();
        cut();
    }

    /// An HTTP server.
    static final class Http extends FakeTarget {
        /// Answers nothing and keeps the connection.
        static final int SILENT = 0;

        /// Closes the connection without an answer.
        static final int CLOSE = -1;

        final BlockingQueue<Integer> statuses = new LinkedBlockingQueue<>();
        private final BlockingQueue<Post> posts = new LinkedBlockingQueue<>();
        private final Semaphore answers = new Semaphore(Integer.MAX_VALUE);
        volatile boolean closesAfterAnswer;

        Http(@Nullable SSLContext tls) {
            super(tls);
            start();
        }

        /// Lets requests wait for [#release].
        void hold() {
            answers.drainPermits();
        }

        void release() {
            answers.release(1_000_000);
        }

        Post next() throws InterruptedException {
            Post post = posts.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
            if (post == null) {
                throw new AssertionError("no request came");
            }
            return post;
        }

        boolean isQuiet() {
            return posts.isEmpty();
        }

        @Override
        void serve(Socket socket) throws IOException, InterruptedException {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            String line = line(in);
            while (!line.isEmpty()) {
                Map<String, String> headers = new HashMap<>();
                for (String header = line(in); !header.isEmpty(); header = line(in)) {
                    String[] parts = header.split(": ", 2);
                    headers.put(parts[0].toLowerCase(Locale.ROOT), parts[1]);
                }
                int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
                String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
                posts.add(new Post(line, headers, body));
                answers.acquire();
                Integer status = statuses.poll();
                int answer = status == null ? 200 : status;
                if (answer == CLOSE) {
                    return;
                }
                if (answer != SILENT) {
                    socket.getOutputStream()
                            .write(
                                    "HTTP/1.1 %d Answer\r\nContent-Length: 2\r\n\r\nok"
                                            .formatted(answer)
                                            .getBytes(StandardCharsets.US_ASCII));
                }
                if (closesAfterAnswer) {
                    return;
                }
                line = line(in);
            }
        }

        private static String line(InputStream in) throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
                line.write(next);
            }
            return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
        }

        /// One request.
        record Post(String line, Map<String, String> headers, String body) {
            String header(String name) {
                return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
            }
        }
    }

    /// A syslog server.
    static final class Syslog extends FakeTarget {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        volatile boolean reads = true;

        Syslog(@Nullable SSLContext tls) {
            super(tls);
            start();
        }

        @Override
        void serve(Socket socket) throws IOException {
            byte[] buffer = new byte[4096];
            int count = 0;
            while (count >= 0) {
                if (!reads) {
                    Thread.onSpinWait();
                    java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
                    continue;
                }
                count = socket.getInputStream().read(buffer);
                if (count > 0) {
                    synchronized (bytes) {
                        bytes.write(buffer, 0, count);
                    }
                }
            }
        }

        String text() {
            synchronized (bytes) {
                return bytes.toString(StandardCharsets.UTF_8);
            }
        }

        /// What came, taken apart by its counts.
        List<String> messages() {
            byte[] all;
            synchronized (bytes) {
                all = bytes.toByteArray();
            }
            List<String> messages = new ArrayList<>();
            int at = 0;
            while (at < all.length) {
                int blank = at;
                while (blank < all.length && all[blank] != ' ') {
                    blank++;
                }
                int length =
                        Integer.parseInt(
                                new String(all, at, blank - at, StandardCharsets.US_ASCII));
                int end = blank + 1 + length;
                if (end > all.length) {
                    break;
                }
                messages.add(new String(all, blank + 1, length, StandardCharsets.UTF_8));
                at = end;
            }
            return messages;
        }
    }
}
