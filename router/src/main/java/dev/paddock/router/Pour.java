package dev.paddock.router;

/// Moves a known number of bytes from one socket to another inside the kernel, which halves the cost of a big body.
/// Neither wire reads or writes meanwhile. Owned by its event loop.
final class Pour {
    /// From this size on it pays.
    static final long LEAST_BYTES = 64 * 1024;

    /// As many bytes are moved before other connections get their turn.
    private static final long MOST_AT_ONCE = 1 << 20;

    private final Pours pours;
    private final Wire from;
    private final Wire to;
    private final Splices.Pipe pipe;
    private final Polls.Poll poll;
    private final Receiver receiver;
    private long left;
    private long inPipe;
    private long given;
    private boolean sourceEnded;
    private boolean targetBroken;
    private boolean awaitsTarget;
    private boolean over;

    /// Hears how it goes.
    interface Receiver {
        /// So many bytes reached the target's socket.
        void poured(long bytes);

        /// The last call.
        void pourEnded(End end);
    }

    /// How it ended.
    enum End {
        COMPLETE,
        SOURCE_ENDED,
        TARGET_BROKEN
    }

    Pour(
            Pours pours,
            Wire from,
            Wire to,
            long bytes,
            Splices.Pipe pipe,
            Polls.Poll poll,
            Receiver receiver) {
        this.pours = pours;
        this.from = from;
        this.to = to;
        this.pipe = pipe;
        this.poll = poll;
        this.receiver = receiver;
        left = bytes;
    }

    /// Begins when all that the target was given before is written.
    void begin() {
        // The flag of the call is about the pipe alone: a socket that blocks would hold the loop,
        // the
        // target as well as the source. They stay so, for another pour may use one of them.
        Descriptors.makeNonBlocking(from.descriptor());
        Descriptors.makeNonBlocking(to.descriptor());
        to.whenWritten(written -> {
            targetBroken = !written;
            run();
        });
    }

    /// Whether the target does not take what is there for it.
    boolean awaitsTarget() {
        return awaitsTarget;
    }

    /// Ends it without a call. Comes before the close of either socket.
    void cancel() {
        if (!over) {
            over = true;
            poll.close();
            pours.giveBack(pipe, inPipe == 0);
        }
    }

    /// Goes on; called when one of the sockets is ready.
    void run() {
        awaitsTarget = false;
        long before = given;
        while (!over) {
            // A closed wire's descriptor may be another connection's by now.
            if (targetBroken || !to.isOpen()) {
                end(End.TARGET_BROKEN);
            } else if (!from.isOpen()) {
                end(End.SOURCE_ENDED);
            } else if (given - before >= MOST_AT_ONCE) {
                tell(given - before);
                pours.later(this::run);
                return;
            } else if (!step()) {
                tell(given - before);
                await();
                return;
            }
        }
    }

    /// Fills the pipe and empties it; false when there is nothing to do before a socket is ready, and at the end.
    private boolean step() {
        boolean dry = left == 0 || sourceEnded;
        if (!dry) {
            long got = pours.calls().move(from.descriptor(), pipe.in(), left);
            if (got > 0) {
                left -= got;
                inPipe += got;
            } else {
                dry = true;
                sourceEnded = got != Splices.AGAIN;
            }
        }
        if (inPipe > 0) {
            long took = pours.calls().move(pipe.out(), to.descriptor(), inPipe);
            if (took > 0) {
                inPipe -= took;
                given += took;
                return true;
            }
            awaitsTarget = took == Splices.AGAIN;
            targetBroken = !awaitsTarget;
            return targetBroken;
        }
        return !dry;
    }

    private void await() {
        if (awaitsTarget) {
            poll.await(to.descriptor(), Polls.WRITABLE);
        } else if (left == 0) {
            end(End.COMPLETE);
        } else if (sourceEnded) {
            end(End.SOURCE_ENDED);
        } else {
            poll.await(from.descriptor(), Polls.READABLE);
        }
    }

    private void tell(long moved) {
        if (moved > 0) {
            receiver.poured(moved);
        }
    }

    private void end(End end) {
        if (!over) {
            cancel();
            receiver.pourEnded(end);
        }
    }
}
