package dev.paddock.webhooks;

import dev.paddock.core.UserError;
import dev.paddock.outbound.OutboundHttp;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Posts events to webhooks: one thread looks what is due, one per delivery posts it. What is on its way when the
/// platform ends is posted again by the next one; receivers tell by the delivery's id.
public final class Deliverer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Deliverer.class);

    /// A nudge that was lost costs no more than this.
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(15);

    private static final int MAX_AT_ONCE = 200;
    private static final int FIRST_SUCCESS = 200;
    private static final int FIRST_OTHER = 300;

    private final Deliveries deliveries;
    private final OutboundHttp http;
    private final InstantSource clock;
    private final Set<UUID> underWay = ConcurrentHashMap.newKeySet();
    private final ExecutorService posts =
            Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("webhook-", 0).factory());
    private final Thread loop = Thread.ofVirtual().name("webhooks").unstarted(this::run);

    public Deliverer(Deliveries deliveries, OutboundHttp http, InstantSource clock) {
        this.deliveries = deliveries;
        this.http = http;
        this.clock = clock;
    }

    public void start() {
        loop.start();
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                postDue();
                deliveries.awaitDue(LOOK_AGAIN);
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                LOG.warn("Looking for webhook deliveries failed; tried again shortly", e);
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(LOOK_AGAIN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void postDue() {
        for (Deliveries.Due due : deliveries.due()) {
            if (underWay.size() < MAX_AT_ONCE && underWay.add(due.id())) {
                posts.execute(() -> post(due));
            }
        }
    }

    private void post(Deliveries.Due due) {
        try {
            deliveries.attempted(due, attempt(due));
        } catch (RuntimeException e) {
            LOG.warn("Webhook delivery {} failed and is tried again", due.id(), e);
        } finally {
            underWay.remove(due.id());
            deliveries.nudge();
        }
    }

    private Delivery.Attempt attempt(Deliveries.Due due) {
        UUID id = UUID.randomUUID();
        byte[] body = Payload.of(due, id, clock.instant()).getBytes(StandardCharsets.UTF_8);
        Map<String, String> headers = new HashMap<>();
        headers.put("Content-Type", "application/json");
        headers.put("User-Agent", "Paddock-Webhooks");
        headers.put("Heroku-Webhook-Hmac-SHA256", signature(due.secret(), body));
        due.authorization().ifPresent(value -> headers.put("Authorization", value));
        try (OutboundHttp.Answer answer = http.send("POST", URI.create(due.url()), headers, body)) {
            boolean good = answer.status() >= FIRST_SUCCESS && answer.status() < FIRST_OTHER;
            return new Delivery.Attempt(
                    id,
                    Optional.of(answer.status()),
                    good ? Optional.empty() : Optional.of("http_error"),
                    now());
        } catch (IOException | UserError e) {
            return new Delivery.Attempt(id, Optional.empty(), Optional.of(kind(e)), now());
        }
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static String kind(Exception failure) {
        return switch (failure) {
            case UserError refused -> "forbidden_target";
            case SocketTimeoutException late -> "timeout";
            case UnknownHostException unknown -> "unknown_host";
            case ConnectException refused -> "connection_refused";
            case SSLException tls -> "tls_error";
            case Exception other -> "connection_error";
        };
    }

    static String signature(String secret, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return Base64.getEncoder().encodeToString(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every Java platform has HmacSHA256", e);
        }
    }

    @Override
    public void close() {
        loop.interrupt();
        posts.shutdownNow();
    }
}
