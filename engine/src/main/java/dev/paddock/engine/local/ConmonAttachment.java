package dev.paddock.engine.local;

import dev.paddock.dyno.Attachment;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;

/// The streams of a dyno through conmon's attach socket. The output holds both of the dyno's, as they come. A thread
/// of its own reads the socket, for a native call that waits would hold a virtual thread's carrier; a consumer that
/// is slow stalls the dyno, as a terminal does.
final class ConmonAttachment implements Attachment {
    /// conmon sends at most 8 KB at once, behind one byte that numbers the pipe.
    private static final int PACKET = 8193;

    /// What conmon surely takes in one read.
    private static final int WRITE = 8192;

    private static final Duration BUSY = Duration.ofMillis(1);

    private final AttachSocket socket;
    private final PacketStream output = new PacketStream();
    private final Input input = new Input();
    private final Thread reader;

    ConmonAttachment(AttachSocket socket, String name) {
        this.socket = socket;
        this.reader = Thread.ofPlatform().daemon().name("attached/" + name).start(this::pump);
    }

    private void pump() {
        try (socket;
                Arena arena = Arena.ofConfined()) {
            MemorySegment state = AttachSocket.callState(arena);
            MemorySegment buffer = arena.allocate(PACKET);
            for (int count = socket.receive(state, buffer);
                    count > 0;
                    count = socket.receive(state, buffer)) {
                if (count > 1) {
                    output.put(buffer.asSlice(1, count - 1).toArray(ValueLayout.JAVA_BYTE));
                }
            }
        } catch (IOException e) {
            // conmon is gone; what it sent has been delivered.
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
        output.close();
        socket.interrupt();
        reader.interrupt();
    }

    private final class Input extends OutputStream {
        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            int end = offset + length;
            for (int from = offset; from < end; from += WRITE) {
                int count = Math.min(WRITE, end - from);
                while (!socket.offer(bytes, from, count)) {
                    pause();
                }
            }
        }

        private void pause() throws IOException {
            try {
                Thread.sleep(BUSY);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while writing to a dyno", e);
            }
        }

        @Override
        public void close() {
            socket.endOutput();
        }
    }
}
