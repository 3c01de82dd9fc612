package dev.paddock.drains;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends frames of messages by HTTP (logs.md section 4), one at a time over a connection that is kept. What comes while
/// one is under way goes together in the next.
final class HttpSender extends DrainSender {
    /// What stands for the sender in each message.
    static final String HOST = "host";

    private static final Logger log = LoggerFactory.getLogger(HttpSender.class);

    private @Nullable DrainSocket connection;
    private int failures;
    private long failingSinceNanos;

    HttpSender(
            DrainTarget target,
            String token,
            DrainBuffer buffer,
            DrainSocket.Parts parts,
            DrainLimits limits,
            Consumer<String> complaints) {
        super(target, token, buffer, parts, limits, complaints);
    }

    @Override
    int batchBytes() {
        return limits.frameBytes();
    }

    @Override
    Duration idle() {
        return limits.httpIdle();
    }

    @Override
    void deliver(DrainBuffer.Batch batch) throws InterruptedException {
        byte[] request = request(batch, UUID.randomUUID().toString().replace("-", ""));
        for (int tries = 1; tries <= limits.frameTries(); tries++) {
            Duration pause = attempt(request);
            if (pause.isZero()) {
                failures = 0;
                buffer.targetIsAway(false);
                return;
            }
            failed();
            if (tries == limits.frameTries()) {
                buffer.drop(batch);
            }
            TimeUnit.NANOSECONDS.sleep(shorter(pause, limits.longestPause()).toNanos());
        }
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private void failed() {
        if (failures++ == 0) {
            failingSinceNanos = System.nanoTime();
        }
        if (System.nanoTime() - failingSinceNanos > limits.httpAway().toNanos()) {
            buffer.targetIsAway(true);
        }
    }

    /// How long to wait before the next try; zero when none is needed.
    private Duration attempt(byte[] request) {
        try {
            HttpReply reply = exchange(request);
            if (!reply.reusable()) {
                disconnect();
            }
            return reply.isSuccess() || reply.isRefusal()
                    ? Duration.ZERO
                    : limits.answerPause().multipliedBy(failures + 1L);
        } catch (IOException | UserError e) {
            disconnect();
            report(e);
            return limits.httpPause().multipliedBy(failures + 1L);
        }
    }

    /// A kept connection may have been closed by the other side in the meantime, which is nobody's failure.
    private HttpReply exchange(byte[] request) throws IOException {
        DrainSocket kept = connection;
        if (kept != null && !kept.isOlderThan(limits.life())) {
            try {
                return exchange(kept, request);
            } catch (SocketTimeoutException slow) {
                throw slow;
            } catch (IOException closed) {
                log.debug("Drain {}: its connection was closed: {}", token, "" + closed);
            }
        }
        disconnect();
        DrainSocket fresh = DrainSocket.open(target, parts, limits.connect());
        connection = fresh;
        return exchange(fresh, request);
    }

    private HttpReply exchange(DrainSocket socket, byte[] request) throws IOException {
        return socket.within(
                limits.request(),
                () -> {
                    socket.write(request);
                    return HttpReply.read(socket.in());
                });
    }

    private byte[] request(DrainBuffer.Batch batch, String frameId) {
        byte[] body = batch.bytes(HOST);
        StringBuilder head = new StringBuilder();
        head.append("POST ").append(target.path()).append(" HTTP/1.1\r\n");
        head.append("Host: ").append(target.authority()).append("\r\n");
        head.append("Content-Type: application/logplex-1\r\n");
        head.append("Logplex-Msg-Count: ").append(batch.count()).append("\r\n");
        head.append("Logplex-Frame-Id: ").append(frameId).append("\r\n");
        head.append("Logplex-Drain-Token: ").append(token).append("\r\n");
        head.append("User-Agent: Logplex/v119\r\n");
        target.authorization()
                .ifPresent(value -> head.append("Authorization: ").append(value).append("\r\n"));
        head.append("Content-Length: ").append(body.length).append("\r\n\r\n");
        byte[] start = head.toString().getBytes(ISO_8859_1);
        byte[] request = new byte[start.length + body.length];
        System.arraycopy(start, 0, request, 0, start.length);
        System.arraycopy(body, 0, request, start.length, body.length);
        return request;
    }

    @Override
    void disconnect() {
        DrainSocket open = connection;
        if (open != null) {
            open.close();
            connection = null;
        }
    }
}
