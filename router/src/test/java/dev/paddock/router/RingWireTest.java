package dev.paddock.router;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.WriteBufferWaterMark;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// One wire between a ring and a socket of java's.
class RingWireTest {
    private static final int HIGH = 128 * 1024;
    private static final WriteBufferWaterMark MARKS = new WriteBufferWaterMark(32 * 1024, HIGH);

    @TempDir Path directory;
    private AccessLog log;
    private EventLoops loops;
    private ServerSocket server;
    private final Told told = new Told();

    @BeforeEach
    void open() throws IOException {
        assumeTrue(Ring.isSupported(), "this machine has no io_uring, or an old one");
        log = AccessLog.open(directory.resolve("log").toString(), null);
        loops =
                new EventLoops(
                        1, Transport.IO_URING, log, new RouterStats(1), ControlLink.nobody());
        server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void close() throws IOException {
        server.close();
        loops.close();
        log.close();
    }

    @Test
    void bytesGoBothWaysInTheirOrder() throws Exception {
        try (Socket peer = connect()) {
            byte[] sent = new byte[3 << 20];
            new SplittableRandom(1).nextBytes(sent);
            on(wire -> {
                for (int at = 0; at < sent.length; at += 10_007) {
                    int length = Math.min(10_007, sent.length - at);
                    wire.write(Unpooled.wrappedBuffer(sent, at, length));
                    wire.flush();
                }
            });
            assertThat(peer.getInputStream().readNBytes(sent.length)).isEqualTo(sent);

            peer.getOutputStream().write(sent);
            told.await(() -> told.bytes() == sent.length);
            assertThat(told.all()).isEqualTo(sent);
        }
    }

    /// What is told of room may be answered by writing; the second send began beside the first once, with the same bytes.
    @Test
    void whatIsWrittenWhenThereIsRoomAgainIsSentOnce() throws Exception {
        try (Socket peer = connect()) {
            byte[] part = new byte[HIGH + 1];
            Arrays.fill(part, (byte) 'a');
            byte[] last = new byte[100_000];
            Arrays.fill(last, (byte) 'b');
            AtomicReference<Wire> writing = new AtomicReference<>();
            told.whenWritable =
                    () -> {
                        requireNonNull(writing.get()).write(Unpooled.wrappedBuffer(last));
                        requireNonNull(writing.get())
                                .write(Unpooled.wrappedBuffer(new byte[] {'c'}));
                        requireNonNull(writing.get()).flush();
                    };
            on(wire -> {
                writing.set(wire);
                wire.write(Unpooled.wrappedBuffer(part));
                wire.flush();
                assertThat(wire.isWritable()).isFalse();
                wire.endAfterWrites();
            });

            byte[] got = peer.getInputStream().readAllBytes();

            assertThat(got.length).isEqualTo(part.length + last.length + 1);
            assertThat(new String(got, StandardCharsets.ISO_8859_1)).matches("a+b+c");
        }
    }

    /// As the client's does for as long as its body is poured.
    @Test
    void socketThatDoesNotBlockTakesAllAndGivesAll() throws Exception {
        try (Socket peer = connect()) {
            byte[] sent = new byte[16 << 20];
            new SplittableRandom(2).nextBytes(sent);
            on(wire -> {
                Descriptors.makeNonBlocking(wire.descriptor());
                wire.write(Unpooled.wrappedBuffer(sent));
                wire.flush();
            });
            assertThat(peer.getInputStream().readNBytes(sent.length)).isEqualTo(sent);

            peer.getOutputStream().write('x');
            told.await(() -> told.bytes() == 1);
        }
    }

    @Test
    void nothingIsReadUntilItIsWanted() throws Exception {
        try (Socket peer = connect()) {
            on(wire -> wire.wantBytes(false));
            peer.getOutputStream().write("first".getBytes(StandardCharsets.ISO_8859_1));
            told.await(() -> told.bytes() == 5 || told.quietFor(200));
            // One receive may have been under way already.
            peer.getOutputStream().write("second".getBytes(StandardCharsets.ISO_8859_1));
            told.await(() -> told.quietFor(200));
            assertThat(told.bytes()).isLessThanOrEqualTo(5);

            on(wire -> wire.wantBytes(true));

            told.await(() -> told.bytes() == 11);
            assertThat(told.text()).isEqualTo("firstsecond");
        }
    }

    @Test
    void quietConnectionHoldsNoBufferAndHearsTheNextByte() throws Exception {
        try (Socket peer = connect()) {
            told.await(() -> loops.allocator().pinnedDirectMemory() == 0);

            peer.getOutputStream().write('x');

            told.await(() -> told.bytes() == 1);
        }
    }

    @Test
    void endOfInputIsToldAndTheOtherDirectionGoesOn() throws Exception {
        try (Socket peer = connect()) {
            peer.getOutputStream().write('x');
            peer.shutdownOutput();
            told.await(() -> told.events.contains("ended"));
            assertThat(told.text()).isEqualTo("x");

            on(wire -> {
                wire.write(Unpooled.copiedBuffer("answer", StandardCharsets.ISO_8859_1));
                wire.closeAfterWrites(false);
            });

            assertThat(peer.getInputStream().readAllBytes()).asString().isEqualTo("answer");
            told.await(() -> told.events.contains("gone"));
        }
    }

    @Test
    void resetIsToldEvenWhenNothingIsRead() throws Exception {
        try (Socket peer = connect()) {
            on(wire -> wire.wantBytes(false));
            peer.getOutputStream().write('x');
            told.await(() -> told.bytes() == 1 || told.quietFor(200));
            peer.setSoLinger(true, 0);
        }
        told.await(() -> told.events.contains("failed"));
    }

    @Test
    void closeDropsWhatNobodyTakesAndLetsGoOfTheSocket() throws Exception {
        try (Socket peer = connect()) {
            CompletableFuture<Boolean> written = new CompletableFuture<>();
            on(wire -> {
                wire.write(Unpooled.wrappedBuffer(new byte[64 << 20]));
                wire.whenWritten(written::complete);
                wire.close();
                wire.close();
                assertThat(wire.isOpen()).isFalse();
            });

            assertThat(written.get(10, TimeUnit.SECONDS)).isFalse();
            told.await(() -> told.events.contains("gone"));
            assertThat(told.events).containsOnlyOnce("gone");
            InputStream in = peer.getInputStream();
            peer.setSoTimeout(10_000);
            try {
                in.readAllBytes();
            } catch (IOException reset) {
                assertThat(reset).hasMessageContaining("reset");
            }
            told.await(() -> loops.allocator().pinnedDirectMemory() == 0);
        }
    }

    @Test
    void refusedConnectionIsTold() throws Exception {
        InetSocketAddress nobody = (InetSocketAddress) server.getLocalSocketAddress();
        server.close();
        CompletableFuture<String> outcome = new CompletableFuture<>();
        loops.onEach(loop ->
                RingWire.connect(
                        requireNonNull(loop.ring()),
                        nobody,
                        MARKS,
                        told,
                        failure -> outcome.complete(String.valueOf(failure))));
        assertThat(outcome.get(10, TimeUnit.SECONDS)).contains("refused");
    }

    private @Nullable RingWire wire;

    private Socket connect() throws Exception {
        CompletableFuture<Boolean> connected = new CompletableFuture<>();
        loops.onEach(loop ->
                wire =
                        RingWire.connect(
                                requireNonNull(loop.ring()),
                                (InetSocketAddress) server.getLocalSocketAddress(),
                                MARKS,
                                told,
                                failure -> connected.complete(failure == null)));
        assertThat(connected.get(10, TimeUnit.SECONDS)).isTrue();
        return server.accept();
    }

    private void on(Consumer<Wire> task) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        loops.onEach(_ -> {
            try {
                task.accept(requireNonNull(wire));
                done.complete(true);
            } catch (Throwable failure) {
                done.completeExceptionally(failure);
            }
        });
        done.join();
    }

    /// What a wire told.
    private static final class Told implements Wire.Reader {
        final Queue<String> events = new ConcurrentLinkedQueue<>();
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private volatile long last = System.nanoTime();
        volatile @Nullable Runnable whenWritable;

        @Override
        public void arrived(ByteBuf buffer) {
            byte[] got = new byte[buffer.readableBytes()];
            buffer.readBytes(got).release();
            synchronized (bytes) {
                bytes.writeBytes(got);
            }
            last = System.nanoTime();
        }

        @Override
        public void arrivedAll() {}

        @Override
        public void writable(boolean now) {
            Runnable task = whenWritable;
            if (now && task != null) {
                whenWritable = null;
                task.run();
            }
        }

        @Override
        public void inputEnded() {
            events.add("ended");
        }

        @Override
        public void failed(Throwable cause) {
            events.add("failed");
        }

        @Override
        public void gone() {
            events.add("gone");
        }

        byte[] all() {
            synchronized (bytes) {
                return bytes.toByteArray();
            }
        }

        int bytes() {
            return all().length;
        }

        String text() {
            return new String(all(), StandardCharsets.ISO_8859_1);
        }

        boolean quietFor(int millis) {
            return System.nanoTime() - last > millis * 1_000_000L;
        }

        void await(BooleanSupplier condition) {
            TestRouter.await("what the wire tells: " + events, condition);
        }
    }
}
