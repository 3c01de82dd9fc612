package dev.paddock.attach;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutputChunksTest {
    private static final String TRAILER = "\uFFFF heroku-command-exit-status: 7\n";

    @Test
    void outputGoesOutAsItComes() throws IOException {
        assertThat(chunks("one\ntwo\n", "prompt> ", "\n"))
                .containsExactly("one\ntwo\n", "prompt> ", "\n");
    }

    @Test
    void exitStatusLineStaysInOneChunkWhereverItWasCut() throws IOException {
        byte[] whole = ("done\n" + TRAILER).getBytes(StandardCharsets.UTF_8);
        for (int cut = 1; cut < whole.length; cut++) {
            List<String> chunks =
                    chunks(Arrays.copyOf(whole, cut), Arrays.copyOfRange(whole, cut, whole.length));

            assertThat(chunks).as("cut at %d", cut).anyMatch(chunk -> chunk.contains(TRAILER));
            assertThat(String.join("", chunks)).isEqualTo("done\n" + TRAILER);
        }
    }

    @Test
    void exitStatusLineBehindOutputWithoutLineEndStaysWhole() throws IOException {
        byte[] whole = ("no newline" + TRAILER).getBytes(StandardCharsets.UTF_8);

        assertThat(chunks(Arrays.copyOf(whole, 15), Arrays.copyOfRange(whole, 15, whole.length)))
                .containsExactly("no newline", TRAILER);
    }

    @Test
    void otherCharactersThatBeginAlikeAreNotHeldBack() throws IOException {
        assertThat(chunks("prompt\uFF1E", "x")).containsExactly("prompt\uFF1E", "x");
    }

    @Test
    void whatWasHeldBackGoesOutAtTheEnd() throws IOException {
        assertThat(chunks("tail\uFFFF")).containsExactly("tail", "\uFFFF");
    }

    @Test
    void chunksFitIntoOneTlsRecord() throws IOException {
        byte[] much = new byte[100_000];
        Arrays.fill(much, (byte) 'x');

        List<String> chunks = chunks(much);

        assertThat(chunks).allMatch(chunk -> chunk.length() <= OutputChunks.MAX_BYTES);
        assertThat(String.join("", chunks)).hasSize(100_000);
    }

    private static List<String> chunks(String... reads) throws IOException {
        return chunks(
                Arrays.stream(reads)
                        .map(read -> read.getBytes(StandardCharsets.UTF_8))
                        .toArray(byte[][]::new));
    }

    private static List<String> chunks(byte[]... reads) throws IOException {
        OutputChunks chunks = new OutputChunks(new ReadByRead(reads));
        List<String> all = new ArrayList<>();
        for (byte[] chunk = chunks.next(); chunk.length > 0; chunk = chunks.next()) {
            all.add(new String(chunk, StandardCharsets.UTF_8));
        }
        return all;
    }

    /// Gives at most one of the given pieces per read, as a pipe does.
    private static final class ReadByRead extends InputStream {
        private final Deque<byte[]> reads;

        ReadByRead(byte[]... reads) {
            this.reads = new ArrayDeque<>(List.of(reads));
        }

        @Override
        public int read(byte[] buffer, int offset, int length) {
            byte[] next = reads.poll();
            if (next == null) {
                return -1;
            }
            int read = Math.min(length, next.length);
            System.arraycopy(next, 0, buffer, offset, read);
            if (read < next.length) {
                reads.push(Arrays.copyOfRange(next, read, next.length));
            }
            return read;
        }

        @Override
        public int read() {
            throw new UnsupportedOperationException("read in pieces");
        }
    }
}
