package dev.paddock.router;

import dev.paddock.router.http.Ascii;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.unix.Socket;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.RejectedExecutionException;

/// Accepts plain connections from the ring of one event loop and gives them to all in turn. Owned by its event loop.
final class RingListener implements IoUringIoHandle {
    private static final int MULTISHOT = 1;
    private static final int MORE_FOLLOWS = 2;
    private static final int CLOSE_ON_EXEC = 0x80000;
    private static final int POLLIN = 0x1;
    private static final int EAGAIN = -11;
    private static final int ECANCELED = -125;
    private static final int ECONNABORTED = -103;

    /// When there are no more descriptors, some may be given back meanwhile.
    private static final int PAUSE_MILLIS = 1000;

    private final EventLoops loops;
    private final EventLoop loop;
    private final Ring ring;
    private final Socket listening;
    private final int port;
    private final IoRegistration registration;
    private long operation;
    private boolean closed;

    private RingListener(EventLoops loops, EventLoop loop, Ring ring, Socket listening, int port) {
        this.loops = loops;
        this.loop = loop;
        this.ring = ring;
        this.listening = listening;
        this.port = port;
        registration = ring.register(this);
    }

    /// Begins to accept. Called by the loop.
    static RingListener begin(EventLoops loops, EventLoop loop, int descriptor) {
        Ring ring = loop.ring();
        if (ring == null) {
            throw new IllegalStateException("the event loop has no ring");
        }
        Socket listening = new Socket(descriptor);
        try {
            // What is accepted has it from here.
            listening.setTcpNoDelay(true);
        } catch (IOException _) {
            // Only slower.
        }
        RingListener made =
                new RingListener(loops, loop, ring, listening, listening.localAddress().getPort());
        made.accept();
        return made;
    }

    private void accept() {
        if (!closed) {
            operation =
                    registration.submit(
                            Ring.operation(
                                    Ring.ACCEPT,
                                    listening.intValue(),
                                    MULTISHOT,
                                    0,
                                    0,
                                    0,
                                    CLOSE_ON_EXEC,
                                    0));
        }
    }

    @Override
    public void handle(IoRegistration unused, IoEvent event) {
        IoUringIoEvent happened = (IoUringIoEvent) event;
        if (happened.opcode() == Ring.POLL_ADD) {
            accept();
        } else if (happened.opcode() == Ring.ACCEPT) {
            accepted(happened);
        }
    }

    private void accepted(IoUringIoEvent happened) {
        int result = happened.res();
        if (result >= 0) {
            try {
                hand(new Socket(result));
            } catch (RuntimeException fault) {
                loop.report("accepting", fault);
            }
        }
        if ((happened.flags() & MORE_FOLLOWS) == 0) {
            if (result >= 0 || result == ECONNABORTED) {
                accept();
            } else if (result == EAGAIN && !closed) {
                // An inherited descriptor may not block, which older kernels take at its word.
                operation =
                        registration.submit(
                                Ring.operation(
                                        Ring.POLL_ADD,
                                        listening.intValue(),
                                        0,
                                        0,
                                        0,
                                        0,
                                        POLLIN,
                                        0));
            } else if (result != ECANCELED) {
                loop.deadlines().create(this::accept).set(PAUSE_MILLIS);
            }
        }
    }

    private void hand(Socket accepted) {
        EventLoop to = loops.next();
        if (to.isHere()) {
            begin(to, accepted);
            return;
        }
        try {
            to.execute(() -> begin(to, accepted));
        } catch (RejectedExecutionException _) {
            close(accepted);
        }
    }

    private void begin(EventLoop to, Socket accepted) {
        InetSocketAddress remote = accepted.remoteAddress();
        Ring ring = to.ring();
        if (remote == null || ring == null) {
            // It left already, and what it sent would be nobody's.
            close(accepted);
            return;
        }
        ClientAddress client =
                new ClientAddress(Ascii.bytes(NetUtil.toAddressString(remote.getAddress())), port);
        RingWire wire = RingWire.accepted(ring, accepted, client, Listener.ANSWER_BUFFER);
        wire.tell(ClientConnection.at(wire, to, null));
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException _) {
            // It is gone either way.
        }
    }

    /// Accepts no more. What was accepted is served.
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            ring.cancel(registration, operation);
            registration.cancel();
        }
    }
}
