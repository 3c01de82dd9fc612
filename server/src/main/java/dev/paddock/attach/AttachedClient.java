package dev.paddock.attach;

import dev.paddock.core.AppId;
import dev.paddock.dyno.Attachment;
import dev.paddock.dyno.DynoId;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.net.ssl.SSLSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One client with its dyno: bytes both ways until the dyno ends, the client leaves, or both are silent for an hour.
/// Two threads: the one that calls [#run()] carries the output, another the input.
final class AttachedClient {
    private static final Logger log = LoggerFactory.getLogger(AttachedClient.class);

    /// Alone in the first TLS record: the CLI throws away the whole first chunk it receives, and begins to send.
    private static final byte[] WELCOME = "rendezvous\r\n".getBytes(StandardCharsets.US_ASCII);

    /// Keeps output out of the chunk that the CLI throws away.
    private static final Duration WELCOME_PAUSE = Duration.ofMillis(100);

    /// Both ways, as Heroku's limit for attached one-offs.
    private static final Duration IDLE_LIMIT = Duration.ofHours(1);

    /// After the last byte of output the client closes; one that does not is not waited for longer.
    private static final Duration FAREWELL_LIMIT = Duration.ofSeconds(2);

    private final SSLSocket client;
    private final boolean pipes;
    private final DynoId dyno;
    private final AppId app;
    private final Rendezvous.Dynos dynos;
    private volatile long lastByteNanos = System.nanoTime();
    private volatile boolean ended;

    AttachedClient(
            SSLSocket client, boolean pipes, DynoId dyno, AppId app, Rendezvous.Dynos dynos) {
        this.client = client;
        this.pipes = pipes;
        this.dyno = dyno;
        this.app = app;
        this.dynos = dynos;
    }

    void run() throws IOException {
        OutputStream toClient = client.getOutputStream();
        try (Attachment attachment = welcome(toClient)) {
            client.setSoTimeout((int) IDLE_LIMIT.toMillis());
            Thread input =
                    Thread.ofVirtual()
                            .name("attached-input/" + dyno)
                            .start(() -> carryInput(attachment.input()));
            carryOutput(attachment.output(), toClient);
            ended = true;
            // Closing with unread input would reset the connection, and the client would lose what
            // it has not read.
            client.shutdownOutput();
            input.join(FAREWELL_LIMIT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException e) {
            hangUp();
            throw e;
        }
    }

    private Attachment welcome(OutputStream toClient) throws IOException, InterruptedException {
        toClient.write(WELCOME);
        toClient.flush();
        long sent = System.nanoTime();
        Attachment attachment = dynos.attach(dyno);
        Duration left = WELCOME_PAUSE.minusNanos(System.nanoTime() - sent);
        if (left.isPositive()) {
            Thread.sleep(left);
        }
        return attachment;
    }

    private void carryOutput(InputStream fromDyno, OutputStream toClient) throws IOException {
        OutputChunks chunks = new OutputChunks(fromDyno);
        for (byte[] chunk = chunks.next(); chunk.length > 0; chunk = chunks.next()) {
            toClient.write(chunk);
            toClient.flush();
            lastByteNanos = System.nanoTime();
        }
    }

    private void carryInput(OutputStream toDyno) {
        try {
            InputStream fromClient = client.getInputStream();
            DynoInput input = new DynoInput(toDyno, pipes);
            byte[] buffer = new byte[OutputChunks.MAX_BYTES];
            for (int read = read(fromClient, buffer); read >= 0; read = read(fromClient, buffer)) {
                lastByteNanos = System.nanoTime();
                input.write(buffer, read);
            }
        } catch (IOException e) {
            log.debug("The client of dyno {} went away: {}", dyno, e.toString());
        }
        if (!ended) {
            hangUp();
        }
    }

    /// Reads until there is something, the client closes (-1), or nothing went either way for an hour.
    private int read(InputStream fromClient, byte[] buffer) throws IOException {
        while (true) {
            try {
                return fromClient.read(buffer);
            } catch (SocketTimeoutException e) {
                if (System.nanoTime() - lastByteNanos >= IDLE_LIMIT.toNanos()) {
                    client.close();
                    return -1;
                }
            }
        }
    }

    private void hangUp() {
        if (!ended) {
            ended = true;
            dynos.hangUp(app, dyno);
        }
    }
}
