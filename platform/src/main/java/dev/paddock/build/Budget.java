package dev.paddock.build;

import dev.paddock.outbound.OutboundHttp;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/// How many bytes may still come from elsewhere, and until when. Safe for any thread.
final class Budget {
    private final AtomicLong left;
    private final long endBy;

    Budget(long bytes, Duration time) {
        this.left = new AtomicLong(bytes);
        this.endBy = System.nanoTime() + time.toNanos();
    }

    /// The body of an answer; reading it ends with an error when the budget is used up.
    InputStream limit(OutboundHttp.Answer answer) {
        return new FilterInputStream(answer.body()) {
            @Override
            public int read() throws IOException {
                return spend(super.read(), 1);
            }

            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                int count = super.read(buffer, offset, length);
                return spend(count, count);
            }

            @Override
            public void close() throws IOException {
                answer.close();
            }
        };
    }

    private int spend(int result, int bytes) {
        if (System.nanoTime() - endBy > 0) {
            throw new BuildFailed("fetching took too long and was given up");
        }
        if (result >= 0 && left.addAndGet(-bytes) < 0) {
            throw new BuildFailed("what was fetched is larger than allowed");
        }
        return result;
    }
}
