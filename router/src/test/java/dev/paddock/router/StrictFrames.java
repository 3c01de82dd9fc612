package dev.paddock.router;

import static dev.paddock.router.FrameClient.ACK;
import static dev.paddock.router.FrameClient.DATA;
import static dev.paddock.router.FrameClient.GOAWAY;
import static dev.paddock.router.FrameClient.HEADERS;
import static dev.paddock.router.FrameClient.RST_STREAM;
import static dev.paddock.router.FrameClient.SETTINGS;
import static dev.paddock.router.FrameClient.WINDOW_UPDATE;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// Reads what a router sends over one connection to the letter of RFC 9113, and throws at what it may not send.
final class StrictFrames {
    private static final Pattern STATUS = Pattern.compile("[1-9][0-9]{2}");
    private static final Pattern NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9a-z-]+");
    private static final Pattern VALUE = Pattern.compile("[^\u0000\r\n]*");
    private static final Set<String> OF_CONNECTION =
            Set.of("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade");
    private static final int LONGEST = 16_384;

    private final Map<Integer, Answer> answers = new HashMap<>();
    private final Set<Integer> ended = new HashSet<>();
    private final StringBuilder history = new StringBuilder();
    private boolean settled;

    /// What came of one answer.
    private static final class Answer {
        private long announced = -1;
        private long received;
        private boolean begun;
    }

    void take(FrameClient.Frame frame) {
        history.append(' ').append(frame.type()).append('@').append(frame.stream());
        require(frame.text().length() <= LONGEST, "too long", frame);
        require(
                settled || (frame.type() == SETTINGS && (frame.flags() & ACK) == 0),
                "no settings",
                frame);
        settled = true;
        switch (frame.type()) {
            case HEADERS, DATA -> {
                require(frame.stream() % 2 == 1, "no stream of a client", frame);
                require(!ended.contains(frame.stream()), "behind the end", frame);
                Answer answer = answers.computeIfAbsent(frame.stream(), _ -> new Answer());
                if (frame.type() == HEADERS) {
                    fields(answer, frame);
                } else {
                    require(answer.begun, "before the head", frame);
                    answer.received += frame.text().length();
                }
                if (frame.ends()) {
                    ended.add(frame.stream());
                    require(
                            answer.announced < 0
                                    || answer.received == answer.announced
                                    || answer.received == 0,
                            "not the length that was announced",
                            frame);
                }
            }
            case RST_STREAM -> {
                require(frame.stream() % 2 == 1, "no stream of a client", frame);
                ended.add(frame.stream());
            }
            case WINDOW_UPDATE -> require(frame.code() > 0, "no increment", frame);
            case GOAWAY, SETTINGS -> require(frame.stream() == 0, "of a stream", frame);
            default -> require(frame.type() == FrameClient.PING, "an unknown type", frame);
        }
    }

    /// Whether the answer on this stream has ended, in whatever way.
    boolean hasEnded(int stream) {
        return ended.contains(stream);
    }

    private void fields(Answer answer, FrameClient.Frame frame) {
        String status = frame.fields().getOrDefault(":status", "");
        if (answer.begun) {
            require(status.isEmpty() && frame.ends(), "no trailers", frame);
        } else {
            require(STATUS.matcher(status).matches(), "no status", frame);
            boolean interim = status.startsWith("1");
            require(!interim || (!frame.ends() && !status.equals("101")), "no answer", frame);
            answer.begun = !interim;
        }
        frame.fields()
                .forEach((name, value) -> {
                    require(
                            name.equals(":status")
                                    || (NAME.matcher(name).matches()
                                            && !OF_CONNECTION.contains(name)),
                            "the name " + name,
                            frame);
                    require(VALUE.matcher(value).matches(), "the value of " + name, frame);
                });
        String length = frame.fields().get("content-length");
        if (length != null && answer.begun && !status.isEmpty()) {
            answer.announced = Long.parseLong(length);
        }
    }

    private void require(boolean holds, String what, FrameClient.Frame frame) {
        if (!holds) {
            throw new AssertionError(what + ": " + frame + " of" + history);
        }
    }
}
