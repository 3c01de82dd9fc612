package dev.paddock.engine.local;

import dev.paddock.dyno.Attachment;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;

/// The streams of a dyno. The output holds both of the dyno's, as they come. A thread of its own reads the channel,
/// for waiting there would hold a virtual thread's carrier; a consumer that is slow stalls the dyno, as a terminal
/// does.
final class StreamAttachment implements Attachment {
    private final DynoChannel channel;
    private final PacketStream output = new PacketStream();
    private final Input input = new Input();
    private final Thread reader;

    StreamAttachment(DynoChannel channel, String name) {
        this.channel = channel;
        this.reader = Thread.ofPlatform().daemon().name("attached/" + name).start(this::pump);
    }

    private void pump() {
        try (channel) {
            for (Optional<byte[]> packet = channel.read();
                    packet.isPresent();
                    packet = channel.read()) {
                output.put(packet.get());
            }
        } catch (IOException e) {
            // The other side is gone; what it sent has been delivered.
        } catch (InterruptedException e) {
            // Closed by our side: nobody wants the rest.
            return;
        }
        output.end();
    }

    @Override
    public InputStream output() {
        return output;
    }

    @Override
    public OutputStream input() {
        return input;
    }

    @Override
    public void close() {
        input.close();
        output.close();
        channel.interrupt();
        reader.interrupt();
    }

    private final class Input extends OutputStream {
        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                channel.write(bytes, offset, length);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while writing to a dyno", e);
            }
        }

        @Override
        public void close() {
            channel.endInput();
        }
    }
}
