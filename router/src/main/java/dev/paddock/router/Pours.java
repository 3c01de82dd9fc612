package dev.paddock.router;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// What the [Pour]s of one event loop share: spare pipes, calls and polls.
final class Pours {
    /// An empty pipe holds no memory, but two descriptors.
    private static final int MOST_SPARE = 64;

    private final io.netty.channel.EventLoop loop;
    private final Polls polls;
    private final Splices calls = new Splices();
    private final ArrayDeque<Splices.Pipe> spare = new ArrayDeque<>();

    private Pours(io.netty.channel.EventLoop loop, Polls polls) {
        this.loop = loop;
        this.polls = polls;
    }

    /// Null where only copying is possible. Called by the loop.
    static @Nullable Pours of(io.netty.channel.EventLoop loop) {
        Polls polls = Polls.of(loop);
        return polls == null ? null : new Pours(loop, polls);
    }

    /// Begins one; null when one is closed, or there are no descriptors for
    /// it. The receiver is called in later turns of the loop.
    @Nullable Pour begin(Wire from, Wire to, long bytes, Pour.Receiver receiver) {
        if (!from.isOpen() || !to.isOpen()) {
            return null;
        }
        Splices.Pipe pipe = spare.isEmpty() ? calls.open() : spare.removeLast();
        if (pipe == null) {
            return null;
        }
        Polls.Poll poll = polls.take();
        if (poll == null) {
            giveBack(pipe, true);
            return null;
        }
        Pour pour = new Pour(this, from, to, bytes, pipe, poll, receiver);
        poll.listen(pour::run);
        pour.begin();
        return pour;
    }

    void giveBack(Splices.Pipe pipe, boolean empty) {
        if (empty && spare.size() < MOST_SPARE) {
            spare.addLast(pipe);
        } else {
            pipe.close();
        }
    }

    Splices calls() {
        return calls;
    }

    void later(Runnable task) {
        loop.execute(task);
    }

    void close() {
        spare.forEach(Splices.Pipe::close);
        spare.clear();
    }
}
