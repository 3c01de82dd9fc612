package dev.paddock.router;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.unix.UnixChannel;

/// Moves a known number of bytes from one socket to another inside the kernel, which halves the cost of a big body.
/// Neither channel reads or writes meanwhile. Owned by its event loop.
final class Pour {
    /// From this size on it pays.
    static final long LEAST_BYTES = 64 * 1024;

    /// As many bytes are moved before other connections get their turn.
    private static final long MOST_AT_ONCE = 1 << 20;

    private final Pours pours;
    private final UnixChannel from;
    private final UnixChannel to;
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
            Channel from,
            Channel to,
            long bytes,
            Splices.Pipe pipe,
            Polls.Poll poll,
            Receiver receiver) {
        this.pours = pours;
        this.from = (UnixChannel) from;
        this.to = (UnixChannel) to;
        this.pipe = pipe;
        this.poll = poll;
        this.receiver = receiver;
        left = bytes;
    }

    /// Begins when all that the target was given before is written.
    void begin() {
        // The ring's sockets block, and the flag of the call is about the pipe alone.
        Descriptors.makeNonBlocking(from.fd().intValue());
        // In a turn of its own: nobody is called back before begin returns, nor in the midst of
        // what the transport tells of several writes.
        var _ =
                to.writeAndFlush(Unpooled.EMPTY_BUFFER)
                        .addListener(written -> {
                            targetBroken = !written.isSuccess();
                            pours.later(this::run);
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
            if (from.isOpen()) {
                Descriptors.makeBlocking(from.fd().intValue());
            }
            pours.giveBack(pipe, inPipe == 0);
        }
    }

    /// Goes on; called when one of the sockets is ready.
    void run() {
        awaitsTarget = false;
        long before = given;
        while (!over) {
            // A closed channel's descriptor may be another connection's by now.
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
            long got = pours.calls().move(from.fd().intValue(), pipe.in(), left);
            if (got > 0) {
                left -= got;
                inPipe += got;
            } else {
                dry = true;
                sourceEnded = got != Splices.AGAIN;
            }
        }
        if (inPipe > 0) {
            long took = pours.calls().move(pipe.out(), to.fd().intValue(), inPipe);
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
            poll.await(to.fd().intValue(), Polls.WRITABLE);
        } else if (left == 0) {
            end(End.COMPLETE);
        } else if (sourceEnded) {
            end(End.SOURCE_ENDED);
        } else {
            poll.await(from.fd().intValue(), Polls.READABLE);
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
