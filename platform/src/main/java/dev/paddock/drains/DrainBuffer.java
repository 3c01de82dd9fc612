package dev.paddock.drains;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The messages that wait for a drain's target. When it is full, and the target does not take any in time, the oldest
/// ones go, and are counted. Safe for any thread.
final class DrainBuffer {
    /// How long after the last batch was taken a full buffer makes wait for room: a target that keeps taking loses nothing
    /// of a burst, for the app's log keeps it meanwhile.
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Duration patience;
    private final int usual;
    private final int whenAway;
    private final Object lock = new Object();

    // All below: guarded by lock.
    private final ArrayDeque<Message> messages = new ArrayDeque<>();
    private int capacity;
    private boolean takes;
    private long takenNanos;
    private @Nullable Loss loss;

    DrainBuffer(DrainLimits limits) {
        this(limits, PATIENCE);
    }

    DrainBuffer(DrainLimits limits, Duration patience) {
        this.patience = patience;
        this.usual = limits.messages();
        this.whenAway = limits.messagesWhenAway();
        this.capacity = usual;
    }

    /// One message as the target will get it.
    static final class Message {
        private final Instant time;
        private final byte[] frame;

        Message(Instant time, byte[] frame) {
            this.time = time;
            this.frame = frame;
        }

        Instant time() {
            return time;
        }

        byte[] frame() {
            return frame;
        }
    }

    /// How many messages are missing, and since when.
    record Loss(long messages, Instant since) {
        private Loss with(long more, Instant time) {
            return new Loss(messages + more, time.isBefore(since) ? time : since);
        }
    }

    /// Messages that travel together, and what is missing before them.
    record Batch(List<Message> messages, Optional<Loss> loss) {
        Batch {
            messages = List.copyOf(messages);
        }

        int count() {
            return messages.size() + (loss.isPresent() ? 1 : 0);
        }

        /// All frames, the one that tells of the gap first.
        byte[] bytes(String host) {
            List<byte[]> frames = new ArrayList<>();
            loss.ifPresent(
                    gap -> frames.add(SyslogFrame.overflow(host, gap, messages.getFirst().time())));
            messages.forEach(message -> frames.add(message.frame()));
            byte[] bytes = new byte[frames.stream().mapToInt(frame -> frame.length).sum()];
            int at = 0;
            for (byte[] frame : frames) {
                System.arraycopy(frame, 0, bytes, at, frame.length);
                at += frame.length;
            }
            return bytes;
        }
    }

    void add(List<Message> more) throws InterruptedException {
        synchronized (lock) {
            for (Message message : more) {
                awaitRoom();
                messages.addLast(message);
                trim();
            }
            lock.notifyAll();
        }
    }

    private void awaitRoom() throws InterruptedException {
        while (takes && messages.size() >= capacity) {
            long left = takenNanos + patience.toNanos() - System.nanoTime();
            if (left <= 0) {
                takes = false;
                return;
            }
            lock.notifyAll();
            TimeUnit.NANOSECONDS.timedWait(lock, left);
        }
    }

    /// Waits for a message; then as many as fit into `bytes`, but one at least. Empty when none came in time.
    Optional<Batch> take(int bytes, Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        if (Thread.interrupted()) {
            throw new InterruptedException("closed");
        }
        synchronized (lock) {
            while (messages.isEmpty()) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return Optional.empty();
                }
                TimeUnit.NANOSECONDS.timedWait(lock, left);
            }
            List<Message> taken = new ArrayList<>();
            int room = bytes;
            do {
                Message next = messages.removeFirst();
                taken.add(next);
                room -= next.frame().length;
            } while (!messages.isEmpty() && messages.getFirst().frame().length <= room);
            Batch batch = new Batch(taken, Optional.ofNullable(loss));
            loss = null;
            takes = true;
            takenNanos = System.nanoTime();
            lock.notifyAll();
            return Optional.of(batch);
        }
    }

    /// A batch that may still be sent comes before all others again.
    void putBack(Batch batch) {
        synchronized (lock) {
            batch.messages().reversed().forEach(messages::addFirst);
            batch.loss().ifPresent(gap -> lose(gap.messages(), gap.since()));
            takes = false;
            trim();
        }
    }

    /// A batch that will not be sent.
    void drop(Batch batch) {
        synchronized (lock) {
            batch.loss().ifPresent(gap -> lose(gap.messages(), gap.since()));
            lose(batch.messages().size(), batch.messages().getFirst().time());
            takes = false;
        }
    }

    /// Messages that never came this far.
    void missed(long count, Instant since) {
        synchronized (lock) {
            lose(count, since);
        }
    }

    /// Whether the target has been failing for long: then little is kept for it.
    void targetIsAway(boolean away) {
        synchronized (lock) {
            capacity = away ? whenAway : usual;
            trim();
        }
    }

    private void trim() {
        while (messages.size() > capacity) {
            lose(1, messages.removeFirst().time());
        }
    }

    private void lose(long count, Instant time) {
        loss = loss == null ? new Loss(count, time) : loss.with(count, time);
    }
}
