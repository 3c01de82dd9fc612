package dev.paddock.server;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;

/// Asks an app many times a second over connections that are kept, and counts what fails. A machine that cannot keep the
/// pace is asked less often.
final class PacedRequests implements AutoCloseable {
    private static final int CONNECTIONS = 10;
    private static final int TIMEOUT_MILLIS = 35_000;
    private static final int KEPT_FAILURES = 20;

    private final String app;
    private final int port;
    private final long pauseNanos;
    private final AtomicInteger answered = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopped;

    PacedRequests(RunningPaddock platform, String app, int perSecond) {
        this.app = app;
        this.port = platform.httpPort();
        this.pauseNanos = Duration.ofSeconds(CONNECTIONS).toNanos() / perSecond;
        for (int i = 0; i < CONNECTIONS; i++) {
            threads.add(Thread.ofVirtual().name("requests-" + i).start(this::ask));
        }
    }

    private void ask() {
        while (!stopped) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.setSoTimeout(TIMEOUT_MILLIS);
                InputStream in = new BufferedInputStream(socket.getInputStream());
                long next = System.nanoTime();
                while (!stopped) {
                    socket.getOutputStream().write(request());
                    int status = status(in);
                    answered.incrementAndGet();
                    if (status != 200) {
                        fail("status " + status);
                    }
                    next = Math.max(next + pauseNanos, System.nanoTime() - pauseNanos);
                    LockSupport.parkNanos(next - System.nanoTime());
                }
            } catch (IOException e) {
                fail(e.toString());
            }
        }
    }

    private byte[] request() {
        return ("GET / HTTP/1.1\r\nHost: " + app + ".localhost\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static int status(InputStream in) throws IOException {
        String first = line(in);
        int length = 0;
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            if (header.regionMatches(true, 0, "content-length:", 0, 15)) {
                length = Integer.parseInt(header.substring(15).strip());
            }
        }
        in.skipNBytes(length);
        return Integer.parseInt(first.substring(9, 12));
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("the connection ended in an answer");
            }
            line.append((char) b);
        }
        return line.toString().strip();
    }

    private void fail(String what) {
        if (failed.getAndIncrement() < KEPT_FAILURES) {
            failures.add(what);
        }
    }

    void awaitMore(int number) {
        int before = answered.get();
        Awaitility.await()
                .atMost(Duration.ofMinutes(2))
                .until(() -> answered.get() >= before + number);
    }

    /// What failed so far; the first of them, in words.
    List<String> failures() {
        return List.copyOf(failures);
    }

    @Override
    public void close() {
        stopped = true;
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
