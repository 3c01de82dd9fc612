package dev.paddock.drains;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.drains.DrainBuffer.Batch;
import dev.paddock.drains.DrainBuffer.Loss;
import dev.paddock.drains.DrainBuffer.Message;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DrainBufferTest {
    private static final Duration NOW = Duration.ZERO;
    private static final int ALL = Integer.MAX_VALUE;

    private final DrainBuffer buffer = new DrainBuffer(DrainLimits.HEROKU);

    /// Message number n is of second n.
    private static List<Message> messages(int from, int to) {
        List<Message> messages = new ArrayList<>();
        for (int i = from; i < to; i++) {
            byte[] frame = ("message " + i + "\n").getBytes(StandardCharsets.US_ASCII);
            messages.add(new Message(Instant.ofEpochSecond(i), frame));
        }
        return messages;
    }

    private Batch take() throws InterruptedException {
        return buffer.take(ALL, NOW).orElseThrow();
    }

    @Test
    void messagesComeInOrderAndAsManyAsFit() throws Exception {
        buffer.add(messages(0, 5));

        assertThat(buffer.take(20, NOW).orElseThrow().messages()).hasSize(2);
        assertThat(buffer.take(1, NOW).orElseThrow().messages()).hasSize(1);
        Batch rest = take();
        assertThat(rest.messages()).hasSize(2);
        assertThat(rest.loss()).isEmpty();
        assertThat(new String(rest.bytes("host"), StandardCharsets.US_ASCII))
                .isEqualTo("message 3\nmessage 4\n");
        assertThat(buffer.take(ALL, NOW)).isEmpty();
    }

    @Test
    void oldestGoWhenItIsFullAndTheGapIsToldOnce() throws Exception {
        buffer.add(messages(0, 1500));
        buffer.add(messages(1500, 1524));

        Batch batch = take();

        assertThat(batch.messages()).hasSize(1024);
        assertThat(batch.messages().getFirst().time()).isEqualTo(Instant.ofEpochSecond(500));
        assertThat(batch.loss()).contains(new Loss(500, Instant.EPOCH));
        assertThat(batch.count()).isEqualTo(1025);
        assertThat(new String(batch.bytes("host"), StandardCharsets.US_ASCII))
                .contains(
                        "Error L10 (output buffer overflow): 500 messages dropped since"
                                + " 1970-01-01T00:00:00+00:00.\nmessage 500\n");
        buffer.add(messages(0, 1));
        assertThat(take().loss()).isEmpty();
    }

    @Test
    void aBurstWaitsForATargetThatKeepsTaking() throws Exception {
        DrainBuffer patient = new DrainBuffer(DrainLimits.HEROKU, Duration.ofMinutes(5));
        patient.add(messages(0, 1));
        assertThat(patient.take(1, Duration.ZERO)).isPresent();

        Thread burst = Thread.ofVirtual().start(() -> addAll(patient, messages(1, 5001)));

        int taken = 0;
        while (taken < 5000) {
            Batch batch = patient.take(1000, Duration.ofMinutes(5)).orElseThrow();
            assertThat(batch.loss()).isEmpty();
            taken += batch.messages().size();
        }
        burst.join();
    }

    private static void addAll(DrainBuffer buffer, List<Message> messages) {
        try {
            buffer.add(messages);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void batchThatIsDroppedIsALossWithThatBeforeIt() throws Exception {
        buffer.add(messages(0, 1034));
        buffer.drop(take());
        buffer.missed(3, Instant.ofEpochSecond(2000));
        buffer.add(messages(2000, 2001));

        assertThat(take().loss()).contains(new Loss(1037, Instant.EPOCH));
    }

    @Test
    void batchThatComesBackIsFirstAgain() throws Exception {
        buffer.add(messages(0, 1030));
        Batch batch = buffer.take(100, NOW).orElseThrow();
        buffer.add(messages(1030, 1031));
        buffer.putBack(batch);

        Batch again = take();
        assertThat(again.messages().getFirst().time()).isEqualTo(Instant.ofEpochSecond(7));
        assertThat(again.messages()).hasSize(1024);
        assertThat(again.loss()).contains(new Loss(7, Instant.EPOCH));
    }

    @Test
    void littleIsKeptForATargetThatIsAway() throws Exception {
        buffer.add(messages(0, 100));
        buffer.targetIsAway(true);
        buffer.add(messages(100, 105));

        buffer.targetIsAway(false);
        buffer.add(messages(105, 120));
        Batch batch = take();
        assertThat(batch.messages()).hasSize(25);
        assertThat(batch.loss()).contains(new Loss(95, Instant.EPOCH));
    }
}
