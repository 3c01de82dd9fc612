package dev.paddock.router;

import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.channel.uring.IoUringIoOps;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Tells when a socket can be read or written, by the ring of its event loop, beside what Netty does with the socket.
final class Polls {
    static final int READABLE = 0x2001;
    static final int WRITABLE = 0x4;

    private static final int MOST = 32 * 1024;

    private static final byte POLL_ADD = 6;
    private static final byte ASYNC_CANCEL = 14;

    private final IoRegistration registration;
    private final List<Poll> polls = new ArrayList<>();
    private final ArrayDeque<Poll> spare = new ArrayDeque<>();

    private Polls(IoEventLoop loop) {
        registration = loop.register(new Handle()).syncUninterruptibly().getNow();
    }

    /// Null for a loop without a ring. Called by the loop.
    static @Nullable Polls of(EventLoop loop) {
        return loop instanceof IoEventLoop io && io.isCompatible(Handle.class)
                ? new Polls(io)
                : null;
    }

    /// One that is not used; null when there are too many.
    @Nullable Poll take() {
        Poll poll = spare.pollLast();
        if (poll == null) {
            if (polls.size() == MOST) {
                return null;
            }
            poll = new Poll(polls.size());
            polls.add(poll);
        }
        return poll;
    }

    private long submit(byte operation, int descriptor, long what, int events, int number) {
        return registration.submit(
                new IoUringIoOps(
                        operation,
                        (byte) 0,
                        (short) 0,
                        descriptor,
                        0,
                        what,
                        0,
                        events,
                        (long) number,
                        (short) 0,
                        (short) 0,
                        0,
                        0L));
    }

    /// Waits for one thing at a time.
    final class Poll {
        private final int number;
        private @Nullable Runnable ready;
        private boolean waiting;
        private long operation;

        private Poll(int number) {
            this.number = number;
        }

        /// Whom to call, until [#close()].
        void listen(Runnable called) {
            ready = called;
        }

        /// Calls back once, when any of the events is there or the socket is broken.
        void await(int descriptor, int events) {
            if (!waiting) {
                waiting = true;
                operation = submit(POLL_ADD, descriptor, 0, events, number);
            }
        }

        /// No call comes any more. The kernel lets go of the socket with this, so it comes before its close.
        void close() {
            ready = null;
            if (waiting) {
                submit(ASYNC_CANCEL, -1, operation, 0, number);
            } else {
                spare.addLast(this);
            }
        }

        private void happened() {
            waiting = false;
            if (ready == null) {
                spare.addLast(this);
            } else {
                ready.run();
            }
        }
    }

    private final class Handle implements IoUringIoHandle {
        @Override
        public void handle(IoRegistration unused, IoEvent event) {
            IoUringIoEvent happened = (IoUringIoEvent) event;
            if (happened.opcode() == POLL_ADD) {
                polls.get((int) happened.userData()).happened();
            }
        }

        @Override
        public void close() {
            // The ring goes, and with it all that waits.
        }
    }
}
