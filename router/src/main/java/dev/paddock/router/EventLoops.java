package dev.paddock.router;

import dev.paddock.router.EventLoop.Signals;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/// The event loops of a router, one thread each. Connections are handed to them in turn and stay there. Safe for any
/// thread.
final class EventLoops implements AutoCloseable {
    /// More than any machine has cores.
    static final int MOST = 1024;

    private static final int PAGE_BYTES = 8192;
    private static final int CHUNK_ORDER = 6;
    private static final int ANSWER_SECONDS = 30;

    private final EventLoopGroup group;
    private final PooledByteBufAllocator allocator;
    private final List<EventLoop> loops;
    private final AtomicInteger turn = new AtomicInteger();

    EventLoops(int count, Transport transport, AccessLog log, RouterStats stats, Signals signals) {
        group =
                new MultiThreadIoEventLoopGroup(
                        count, new DefaultThreadFactory("event-loop"), transport.handlers());
        // An arena of 512 KB pieces for each loop, which is alone with it; no caches per thread:
        // small when idle.
        allocator =
                new PooledByteBufAllocator(true, 0, count, PAGE_BYTES, CHUNK_ORDER, 64, 32, true);
        List<EventLoop> made = new ArrayList<>();
        for (EventExecutor netty : group) {
            made.add(
                    new EventLoop(
                            (io.netty.channel.EventLoop) netty,
                            transport,
                            allocator,
                            log,
                            stats,
                            signals));
        }
        loops = List.copyOf(made);
    }

    EventLoopGroup group() {
        return group;
    }

    PooledByteBufAllocator allocator() {
        return allocator;
    }

    /// Whose turn it is to be given a connection.
    EventLoop next() {
        return loops.get(Math.floorMod(turn.getAndIncrement(), loops.size()));
    }

    /// The loop that owns this channel.
    EventLoop of(Channel channel) {
        for (EventLoop loop : loops) {
            if (loop.owns(channel)) {
                return loop;
            }
        }
        throw new IllegalStateException("no loop of ours owns " + channel);
    }

    /// Runs the task on every loop and waits until it ran on all of them.
    void onEach(Consumer<EventLoop> task) {
        CountDownLatch ran = new CountDownLatch(loops.size());
        for (EventLoop loop : loops) {
            loop.execute(() -> {
                task.accept(loop);
                ran.countDown();
            });
        }
        try {
            if (!ran.await(ANSWER_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException(
                        "an event loop has stood still for " + ANSWER_SECONDS + " s");
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        onEach(EventLoop::cutAll);
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
