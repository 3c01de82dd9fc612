package dev.paddock.router;

import static dev.paddock.router.FrameClient.CONTINUATION;
import static dev.paddock.router.FrameClient.DATA;
import static dev.paddock.router.FrameClient.END_HEADERS;
import static dev.paddock.router.FrameClient.END_STREAM;
import static dev.paddock.router.FrameClient.ENHANCE_YOUR_CALM;
import static dev.paddock.router.FrameClient.HEADERS;
import static dev.paddock.router.FrameClient.PING;
import static dev.paddock.router.FrameClient.PRIORITY;
import static dev.paddock.router.FrameClient.PROTOCOL_ERROR;
import static dev.paddock.router.FrameClient.RST_STREAM;
import static dev.paddock.router.FrameClient.SETTINGS;
import static dev.paddock.router.FrameClient.WINDOW_UPDATE;
import static dev.paddock.router.TestRouter.app;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.router.FrameClient.Frame;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/// Clients that want much for little, and clients that do not read.
class Http2FloodTest {
    private static final int INITIAL_WINDOW = 4;
    private static final int MOST = 6000;
    private static final int MEGABYTE = 1 << 20;

    /// Adds the frames of one round to what is sent.
    private interface Round {
        void add(FrameClient client, int round);
    }

    @Test
    void pingsAreCountedAndEndTheConnection() throws IOException {
        assertThat(flood((client, _) -> client.frame(PING, 0, 0, new byte[8])))
                .isEqualTo(ENHANCE_YOUR_CALM);
    }

    @Test
    void settingsAreCounted() throws IOException {
        assertThat(flood((client, _) -> client.frame(SETTINGS, 0, 0))).isEqualTo(ENHANCE_YOUR_CALM);
    }

    @Test
    void rapidResetsAreCounted() throws IOException {
        assertThat(
                        flood((client, round) -> {
                            client.request(2 * round + 1, true, "GET", "/");
                            client.number(RST_STREAM, 0, 2 * round + 1, 8);
                        }))
                .isEqualTo(ENHANCE_YOUR_CALM);
    }

    @Test
    void streamsThatMustBeResetAreCounted() throws IOException {
        assertThat(flood((client, round) -> client.headers(2 * round + 1, true, ":method", "GET")))
                .isEqualTo(ENHANCE_YOUR_CALM);
    }

    @Test
    void prioritiesAreCounted() throws IOException {
        assertThat(flood((client, _) -> client.frame(PRIORITY, 0, 1, new byte[] {0, 0, 0, 3, 9})))
                .isEqualTo(ENHANCE_YOUR_CALM);
    }

    @Test
    void crumbsOfWindowAreCounted() throws IOException {
        assertThat(flood((client, _) -> client.number(WINDOW_UPDATE, 0, 0, 1)))
                .isEqualTo(ENHANCE_YOUR_CALM);
    }

    @Test
    void emptyDataIsCounted() throws IOException {
        assertThat(
                        flood((client, round) -> {
                            if (round == 0) {
                                client.request(1, false, "POST", "/");
                            }
                            client.frame(DATA, 0, 1);
                        }))
                .isEqualTo(ENHANCE_YOUR_CALM);
    }

    @Test
    void unknownFramesAreCounted() throws IOException {
        assertThat(flood((client, _) -> client.frame(0xbe, 0, 0))).isEqualTo(ENHANCE_YOUR_CALM);
    }

    @Test
    void headThatNeverEndsIsNotCollected() throws IOException {
        assertThat(
                        flood((client, round) ->
                                client.frame(
                                        round == 0 ? HEADERS : CONTINUATION,
                                        round == 0 ? END_STREAM : 0,
                                        1,
                                        FrameClient.block("x", "y"))))
                .isEqualTo(ENHANCE_YOUR_CALM);
        assertThat(
                        flood((client, round) ->
                                client.frame(
                                        round == 0 ? HEADERS : CONTINUATION,
                                        round == 0 ? END_STREAM : 0,
                                        1,
                                        FrameClient.block("x", "y".repeat(16_000)))))
                .isIn(PROTOCOL_ERROR, ENHANCE_YOUR_CALM);
    }

    @Test
    void headOfTooManyBytesIsRefused() throws IOException {
        try (TestRouter router = new TestRouter();
                FrameClient client = new FrameClient(router.listenTls())) {
            // A field of 4,000 bytes remembered once and named 400 times by one byte each.
            byte[] first = FrameClient.block("x-bomb", "y".repeat(3900));
            first[0] = 0x40;
            byte[] block = java.util.Arrays.copyOf(first, first.length + 400);
            java.util.Arrays.fill(block, first.length, block.length, (byte) 0xbe);
            client.frame(HEADERS, END_HEADERS | END_STREAM, 1, block).send();

            assertThat(client.answer(1)).startsWith("400 ");
        }
    }

    @Test
    void answersThatAreNotReadHoldAMegabyteAtMost() throws IOException {
        String body = "x".repeat(2 * MEGABYTE);
        FakeDyno.Script large =
                connection -> {
                    connection.readHead();
                    connection.send(
                            "HTTP/1.1 200 OK\r\nContent-Length: "
                                    + body.length()
                                    + "\r\n\r\n"
                                    + body);
                };
        try (FakeDyno dyno = new FakeDyno(large);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = new FrameClient(router.listenTls(), INITIAL_WINDOW, 0)) {
            for (int i = 0; i < 50; i++) {
                client.request(2 * i + 1, true, "GET", "/");
            }
            client.send();
            Thread cut =
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    client.await(frame -> frame.type() == RST_STREAM);
                                } catch (IOException ended) {
                                    throw new UncheckedIOException(ended);
                                }
                            });
            long most = 0;
            while (cut.isAlive()) {
                most = Math.max(most, router.router().pinnedBytes());
                LockSupport.parkNanos(1_000_000);
            }
            // Unsent bytes, and what the codec, TLS and half filled buffers take.
            assertThat(most).isBetween(MEGABYTE / 2L, 4L * MEGABYTE);
            router.logLine("code=H28");
        }
    }

    @Test
    void stalledStreamDoesNotStallOthers() throws IOException {
        String body = "x".repeat(MEGABYTE);
        FakeDyno.Script script =
                connection -> {
                    String head = connection.readHead();
                    String sent = head.startsWith("GET /large") ? body : "small";
                    connection.send(
                            "HTTP/1.1 200 OK\r\nContent-Length: "
                                    + sent.length()
                                    + "\r\n\r\n"
                                    + sent);
                };
        try (FakeDyno dyno = new FakeDyno(script);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = new FrameClient(router.listenTls(), INITIAL_WINDOW, 1000)) {
            for (int i = 0; i < 5; i++) {
                client.get(2 * i + 1, "/large");
                client.await(DATA, 2 * i + 1);
            }
            client.get(21, "/small");
            assertThat(client.answer(21)).isEqualTo("200 small");

            // The one that is read again goes on to its end.
            client.number(WINDOW_UPDATE, 0, 0, 2 * MEGABYTE)
                    .number(WINDOW_UPDATE, 0, 1, 2 * MEGABYTE)
                    .send();
            assertThat(client.answer(1)).hasSize(4 + MEGABYTE);
        }
    }

    @Test
    void uploadWindowOpensOnlyAsTheDynoTakesBytes() throws IOException {
        CountDownLatch go = new CountDownLatch(1);
        FakeDyno.Script slow =
                connection -> {
                    connection.readHead();
                    go.await();
                    String body = connection.readChunks();
                    connection.send(
                            "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n"
                                    + "%08d".formatted(body.length()));
                };
        try (FakeDyno dyno = new FakeDyno(slow);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = new FrameClient(router.listenTls())) {
            client.request(1, false, "POST", "/").send();
            int stream = 65_535;
            int connection = 65_535;
            int sent = 0;
            byte[] part = new byte[16_000];
            client.readWithin(300);
            boolean open = true;
            while (open && sent < 64 * MEGABYTE) {
                while (stream >= part.length && connection >= part.length) {
                    client.frame(DATA, 0, 1, part).send();
                    stream -= part.length;
                    connection -= part.length;
                    sent += part.length;
                }
                try {
                    Frame update = client.await(frame -> frame.type() == WINDOW_UPDATE);
                    if (update.stream() == 0) {
                        connection += update.code();
                    } else {
                        stream += update.code();
                    }
                } catch (SocketTimeoutException stands) {
                    open = false;
                }
            }
            // What the sockets between took, and our own buffers.
            assertThat(sent).isLessThan(32 * MEGABYTE);
            assertThat(router.router().pinnedBytes()).isLessThan(2L * MEGABYTE);

            client.readWithin(10_000);
            go.countDown();
            client.frame(DATA, END_STREAM, 1).send();
            assertThat(client.answer(1)).isEqualTo("200 %08d".formatted(sent));
        }
    }

    @Test
    void clientThatTakesNothingAtAllIsLetGo() throws IOException {
        String body = "x".repeat(MEGABYTE);
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering(body));
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client =
                        new FrameClient(router.listenTls(), INITIAL_WINDOW, Integer.MAX_VALUE)) {
            client.number(WINDOW_UPDATE, 0, 0, Integer.MAX_VALUE - 65_535);
            for (int i = 0; i < 50; i++) {
                client.request(2 * i + 1, true, "GET", "/");
            }
            client.send();
            router.logLine("code=H28");

            TestRouter.await(
                    "an end of the connection",
                    () -> router.router().stats().openConnections() == 0);
        }
    }

    /// Sends rounds until the router has enough.
    ///
    /// @return the code of its GOAWAY
    private static int flood(Round round) throws IOException {
        FakeDyno.Script silent =
                connection -> {
                    connection.readHead();
                    connection.readToEnd();
                };
        try (FakeDyno dyno = new FakeDyno(silent);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = new FrameClient(router.listenTls())) {
            Thread reading = Thread.ofVirtual().unstarted(client::goAway);
            reading.start();
            try {
                for (int i = 0; i < MOST; i++) {
                    round.add(client, i);
                    if (i % 100 == 99) {
                        client.send();
                    }
                }
            } catch (IOException _) {
                // It has.
            }
            try {
                reading.join();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
            return client.goAway();
        }
    }
}
