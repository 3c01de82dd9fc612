package dev.paddock.router;

import static dev.paddock.router.FrameClient.ACK;
import static dev.paddock.router.FrameClient.CONTINUATION;
import static dev.paddock.router.FrameClient.DATA;
import static dev.paddock.router.FrameClient.END_HEADERS;
import static dev.paddock.router.FrameClient.END_STREAM;
import static dev.paddock.router.FrameClient.GOAWAY;
import static dev.paddock.router.FrameClient.HEADERS;
import static dev.paddock.router.FrameClient.PING;
import static dev.paddock.router.FrameClient.PRIORITY;
import static dev.paddock.router.FrameClient.RST_STREAM;
import static dev.paddock.router.FrameClient.SETTINGS;
import static dev.paddock.router.FrameClient.WINDOW_UPDATE;

import dev.paddock.router.HostileFields.Field;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;

/// Makes the bytes of hostile HTTP/2 connections: requests on several streams, woven into each other and into frames of
/// every other type, with fields, frames and bytes changed at random.
final class HostileFrames {
    /// The path of requests that never end: they must never look whole to a dyno.
    static final String UNFINISHED = "/unfinished";

    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private static final int PUSH_PROMISE = 5;
    private static final int PADDED = 8;
    private static final int PRIORITIZED = 32;
    private static final int[] NUMBERS = {
        0, 1, 16_384, 65_535, 1 << 24, Integer.MAX_VALUE, Integer.MIN_VALUE, -1
    };
    private static final String[] BODIES = {
        "", "hello", "hel", "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a.localhost\r\n\r\n"
    };

    private final SplittableRandom random;
    private final HostileHpack hpack;

    /// Whether frames stay what they are, so that a request without an end stays one.
    private final boolean careful;

    private static final class Frame {
        private final int type;
        private final int flags;
        private final int stream;
        private final byte[] payload;

        Frame(int type, int flags, int stream, byte[] payload) {
            this.type = type;
            this.flags = flags;
            this.stream = stream;
            this.payload = payload;
        }

        Frame with(int otherFlags, byte[] other) {
            return new Frame(type, otherFlags, stream, other);
        }
    }

    private HostileFrames(SplittableRandom random) {
        this.random = random;
        hpack = new HostileHpack(random);
        careful = random.nextInt(3) == 0;
    }

    /// All that a client sends over one connection.
    static byte[] connection(SplittableRandom random) {
        return new HostileFrames(random).bytes();
    }

    private byte[] bytes() {
        List<Frame> frames = woven();
        for (int changes = careful ? 0 : random.nextInt(4); changes > 0; changes--) {
            change(frames);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(ascii(PREFACE));
        write(out, new Frame(SETTINGS, 0, 0, random.nextInt(4) == 0 ? settings() : new byte[0]));
        frames.forEach(frame -> write(out, frame));
        byte[] all = out.toByteArray();
        if (!careful && random.nextInt(4) == 0) {
            all[random.nextInt(all.length)] = (byte) random.nextInt(256);
        }
        return random.nextInt(6) == 0 ? Arrays.copyOf(all, random.nextInt(all.length)) : all;
    }

    /// The frames of all streams in an order of chance; those of one stream keep theirs.
    private List<Frame> woven() {
        List<Deque<List<Frame>>> streams = new ArrayList<>();
        int count = 1 + random.nextInt(8);
        for (int i = 0; i < count; i++) {
            streams.add(request(random.nextInt(12) == 0 ? anyStream() : 2 * i + 1));
        }
        List<Frame> frames = new ArrayList<>();
        int next = 0;
        while (!streams.isEmpty()) {
            // Streams open in order and go on in any.
            int at = random.nextBoolean() ? Math.min(next, streams.size() - 1) : 0;
            Deque<List<Frame>> stream = streams.get(at);
            frames.addAll(stream.removeFirst());
            if (stream.isEmpty()) {
                streams.remove(at);
            } else {
                next = at + random.nextInt(2);
            }
            if (random.nextInt(3) == 0) {
                frames.add(other());
            }
        }
        return frames;
    }

    private int anyStream() {
        // Nobody else's in a careful connection: trailers of another request would end one that has
        // no end.
        int[] some = careful ? new int[] {1001} : new int[] {0, 1, 2, 3, 5, 999, -1, 1 << 30};
        return some[random.nextInt(some.length)];
    }

    /// The pieces of one request: frames that belong together.
    private Deque<List<Frame>> request(int stream) {
        Deque<List<Frame>> pieces = new ArrayDeque<>();
        boolean unfinished = careful && random.nextInt(4) == 0;
        boolean whole = random.nextInt(3) == 0 && !unfinished;
        List<Field> fields =
                unfinished
                        ? HostileFields.plain("POST", UNFINISHED)
                        : HostileFields.request(random);
        pieces.add(head(stream, fields, whole));
        if (whole) {
            return pieces;
        }
        String body = BODIES[random.nextInt(BODIES.length)].repeat(1 + random.nextInt(3));
        boolean trailers = random.nextInt(4) == 0 && !unfinished;
        int parts = 1 + random.nextInt(3);
        for (int i = 0; i < parts; i++) {
            boolean last = i == parts - 1 && !trailers && !unfinished && random.nextInt(8) > 0;
            pieces.add(List.of(data(stream, i == 0 ? body : "", last)));
        }
        if (trailers) {
            pieces.add(head(stream, HostileFields.trailers(random), random.nextInt(8) > 0));
        }
        if (random.nextInt(6) == 0) {
            pieces.add(List.of(new Frame(RST_STREAM, 0, stream, number(random.nextInt(16)))));
        }
        return pieces;
    }

    private List<Frame> head(int stream, List<Field> fields, boolean end) {
        byte[] block = random.nextInt(10) == 0 ? hpack.broken(fields) : hpack.block(fields);
        int cut = random.nextInt(4) == 0 ? random.nextInt(block.length + 1) : block.length;
        List<Frame> frames = new ArrayList<>();
        int ends = cut == block.length ? END_HEADERS : 0;
        Frame first =
                new Frame(
                        HEADERS, ends | (end ? END_STREAM : 0), stream, Arrays.copyOf(block, cut));
        if (random.nextInt(6) == 0) {
            first = prioritized(first);
        }
        frames.add(random.nextInt(6) == 0 ? padded(first) : first);
        while (cut < block.length) {
            int to =
                    random.nextInt(3) == 0
                            ? cut + random.nextInt(block.length - cut)
                            : block.length;
            frames.add(
                    new Frame(
                            CONTINUATION,
                            to == block.length ? END_HEADERS : 0,
                            stream,
                            Arrays.copyOfRange(block, cut, to)));
            cut = to;
        }
        return frames;
    }

    private Frame data(int stream, String text, boolean end) {
        Frame frame = new Frame(DATA, end ? END_STREAM : 0, stream, ascii(text));
        return random.nextInt(4) == 0 ? padded(frame) : frame;
    }

    private Frame padded(Frame frame) {
        int padding = random.nextInt(256);
        byte[] with = new byte[1 + frame.payload.length + padding];
        with[0] = (byte) (random.nextInt(8) == 0 ? random.nextInt(256) : padding);
        System.arraycopy(frame.payload, 0, with, 1, frame.payload.length);
        return frame.with(frame.flags | PADDED, with);
    }

    private Frame prioritized(Frame frame) {
        byte[] payload = frame.payload;
        byte[] with =
                ByteBuffer.allocate(5 + payload.length)
                        .putInt(random.nextInt(3) == 0 ? frame.stream : random.nextInt(8))
                        .put((byte) random.nextInt(256))
                        .put(payload)
                        .array();
        return frame.with(frame.flags | PRIORITIZED, with);
    }

    /// A frame of any type but those of requests.
    private Frame other() {
        int stream = random.nextInt(3) == 0 ? 0 : random.nextInt(20);
        return switch (random.nextInt(10)) {
            case 0, 1 -> new Frame(PING, random.nextInt(2), 0, new byte[usually(8)]);
            case 2 -> new Frame(SETTINGS, 0, 0, settings());
            case 3 -> new Frame(SETTINGS, ACK, 0, new byte[random.nextInt(8) == 0 ? 6 : 0]);
            case 4, 5 ->
                    new Frame(
                            WINDOW_UPDATE,
                            0,
                            stream,
                            number(NUMBERS[random.nextInt(NUMBERS.length)]));
            case 6 -> new Frame(RST_STREAM, 0, stream, new byte[usually(4)]);
            case 7 -> new Frame(PRIORITY, 0, stream, new byte[usually(5)]);
            case 8 ->
                    random.nextInt(4) == 0
                            ? new Frame(GOAWAY, 0, 0, new byte[usually(8)])
                            : new Frame(
                                    10 + random.nextInt(246),
                                    random.nextInt(256),
                                    stream,
                                    new byte[random.nextInt(100)]);
            default ->
                    random.nextInt(4) == 0
                            ? new Frame(PUSH_PROMISE, END_HEADERS, stream, number(2))
                            : new Frame(PING, 0, 0, new byte[8]);
        };
    }

    private int usually(int length) {
        return random.nextInt(8) == 0 ? random.nextInt(12) : length;
    }

    private byte[] settings() {
        ByteBuffer settings = ByteBuffer.allocate(6 * random.nextInt(4));
        while (settings.hasRemaining()) {
            settings.putShort((short) random.nextInt(10))
                    .putInt(NUMBERS[random.nextInt(NUMBERS.length)]);
        }
        return random.nextInt(10) == 0 ? new byte[5] : settings.array();
    }

    private void change(List<Frame> frames) {
        if (frames.isEmpty()) {
            return;
        }
        int at = random.nextInt(frames.size());
        Frame frame = frames.get(at);
        switch (random.nextInt(6)) {
            case 0 -> frames.remove(at);
            case 1 -> frames.add(random.nextInt(frames.size() + 1), frame);
            case 2 -> frames.add(random.nextInt(frames.size()), frames.remove(at));
            case 3 -> frames.set(at, frame.with(random.nextInt(64), frame.payload));
            case 4 ->
                    frames.set(at, new Frame(frame.type, frame.flags, anyStream(), frame.payload));
            default ->
                    frames.set(
                            at,
                            new Frame(
                                    random.nextInt(11), frame.flags, frame.stream, frame.payload));
        }
    }

    private void write(ByteArrayOutputStream out, Frame frame) {
        int length = frame.payload.length;
        if (!careful && random.nextInt(200) == 0) {
            length = NUMBERS[random.nextInt(NUMBERS.length)] & 0xff_ffff;
        }
        out.writeBytes(
                ByteBuffer.allocate(9)
                        .putInt(length << 8 | frame.type)
                        .put((byte) frame.flags)
                        .putInt(frame.stream)
                        .array());
        out.writeBytes(frame.payload);
    }

    private static byte[] number(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
