package dev.paddock.domains;

import dev.paddock.routes.ControlCodec;
import dev.paddock.routes.ControlFrame;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One connected router: a thread that reads its frames and one that writes what [Routers] has for it. Both are
/// platform threads, as they block in system calls; there are few routers.
final class RouterLink {
    private static final Logger log = LoggerFactory.getLogger(RouterLink.class);

    // All guarded by the lock of Routers.
    boolean greeted;
    boolean down;
    boolean pongDue;

    /// The newest table that was written to the router or that it had when it connected.
    long sent;

    /// The newest of ours that it serves.
    long acknowledged;

    /// Dynos that are not in that table and still answer requests of this router.
    List<ControlFrame.Leaving> leaving = List.of();

    long heardNanos = System.nanoTime();
    long pingNanos;

    private final UnixSocket socket;
    private final PeerProcess process;
    private final Routers routers;

    RouterLink(UnixSocket socket, PeerProcess process, Routers routers) {
        this.socket = socket;
        this.process = process;
        this.routers = routers;
    }

    PeerProcess process() {
        return process;
    }

    void start() {
        Thread writer = thread("router-writer/").start(this::write);
        Thread _ = thread("router-reader/").start(() -> readAndClose(writer));
    }

    private Thread.Builder thread(String name) {
        return Thread.ofPlatform().daemon().name(name + process.pid());
    }

    private void readAndClose(Thread writer) {
        String reason;
        try {
            reason = read();
        } catch (IOException | RuntimeException e) {
            reason = String.valueOf(e.getMessage());
        }
        routers.cut(this);
        try {
            writer.join();
            socket.close();
        } catch (InterruptedException _) {
            // Nobody interrupts this thread; were it so, the descriptor must stay, for the writer
            // may use it.
            Thread.currentThread().interrupt();
        }
        log.info("Router {} is disconnected: {}", process.pid(), reason);
        routers.disconnected(this);
    }

    private String read() throws IOException {
        InputStream in = new BufferedInputStream(socket.input());
        if (!(ControlCodec.read(in) instanceof ControlFrame.Hello hello)) {
            return "its first frame was no hello";
        }
        // Either side may be one version newer.
        if (Math.abs(hello.protocol() - ControlFrame.PROTOCOL) > 1) {
            return "it speaks protocol " + hello.protocol();
        }
        routers.greeted(this, hello);
        log.info("Router {} ({}) is connected", process.pid(), hello.version());
        while (true) {
            routers.received(this, ControlCodec.read(in));
        }
    }

    private void write() {
        try {
            OutputStream out = socket.output();
            ControlCodec.write(out, routers.hello());
            Optional<ControlFrame> next = routers.next(this);
            while (next.isPresent()) {
                ControlCodec.write(out, next.get());
                next = routers.next(this);
            }
        } catch (IOException | RuntimeException e) {
            log.debug("Writing to router {} failed", process.pid(), e);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        routers.cut(this);
    }

    /// Wakes both threads from their system calls.
    void shutdown() {
        socket.shutdown();
    }
}
