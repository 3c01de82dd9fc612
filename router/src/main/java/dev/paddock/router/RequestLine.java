package dev.paddock.router;

import dev.paddock.router.http.Ascii;
import dev.paddock.router.http.Forwarding;
import dev.paddock.router.http.HeaderName;
import dev.paddock.router.http.RequestHead;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The text of one request's log line (router.md section 8), built in a buffer that is used again and again. For one
/// thread.
final class RequestLine {
    /// A path longer than this is cut in the log.
    private static final int LONGEST_FIELD = 8192;

    private static final byte[] HEX = Ascii.bytes("0123456789abcdef");
    private static final int PLACE_ENDS = 4;

    private final Map<String, byte[]> words = new HashMap<>();
    private byte[] line = new byte[1024];
    private int length;

    byte[] bytes() {
        return line;
    }

    int length() {
        return length;
    }

    /// What is known at the end of a request; unknown numbers are negative.
    ///
    /// @param dyno the one that was tried last
    /// @param connectNanos 0 for a kept connection
    /// @param status 0 for none
    /// @param tlsVersion `tls1.2`, `tls1.3` or empty without TLS
    record Facts(
            @Nullable RouterFailure failure,
            @Nullable Backend dyno,
            long connectNanos,
            long serviceNanos,
            int status,
            long bytes,
            String protocol,
            String tlsVersion) {}

    void write(RequestHead head, @Nullable Forwarding forwarding, Facts facts) {
        length = 0;
        RouterFailure failure = facts.failure();
        Backend dyno = facts.dyno();
        if (failure == null) {
            word("at=info");
        } else {
            blame(failure);
        }
        byte[] bytes = head.bytes();
        word(" method=");
        raw(bytes, head.methodStart(), head.methodEnd());
        word(" path=\"");
        if (head.targetStart() == head.targetEnd() && head.methodEnd() > head.methodStart()) {
            raw('/');
        }
        escaped(bytes, head.targetStart(), head.targetEnd());
        word("\" host=");
        raw(bytes, head.hostStart(), head.hostNameEnd());
        word(" request_id=");
        if (forwarding != null) {
            raw(forwarding.requestId(), 0, forwarding.requestId().length);
        }
        word(" fwd=\"");
        if (forwarding != null) {
            escaped(forwarding.forwardedFor(), 0, forwarding.forwardedFor().length);
        }
        word("\" dyno=");
        word(dyno == null ? "" : dyno.name());
        millis(" connect=", facts.connectNanos());
        millis(" service=", facts.serviceNanos());
        word(" status=");
        if (facts.status() > 0) {
            decimal(facts.status());
        }
        word(" bytes=");
        if (facts.bytes() >= 0) {
            decimal(facts.bytes());
        }
        word(" protocol=");
        word(facts.protocol());
        word(facts.tlsVersion().isEmpty() ? " tls=false tls_version=" : " tls=true tls_version=");
        word(facts.tlsVersion().isEmpty() ? "unknown" : facts.tlsVersion());
        if (failure == RouterFailure.Client.MISDIRECTED) {
            word(" agent=\"");
            byte[] agent = Ascii.bytes(head.value(HeaderName.USER_AGENT));
            escaped(agent, 0, agent.length);
            raw('"');
        }
    }

    private void blame(RouterFailure failure) {
        if (!failure.socket().isEmpty()) {
            word("sock=");
            word(failure.socket());
            raw(' ');
        }
        word("at=");
        word(failure.level());
        if (!failure.code().isEmpty()) {
            word(" code=");
            word(failure.code());
            word(" desc=\"");
            word(failure.description());
            raw('"');
        }
        if (!failure.cause().isEmpty()) {
            word(" cause=\"");
            word(failure.cause());
            raw('"');
        }
    }

    private void millis(String field, long nanos) {
        word(field);
        if (nanos >= 0) {
            decimal(nanos / 1_000_000);
            word("ms");
        }
    }

    /// Texts that come again are turned into bytes once; dyno names are among them, so the number is bounded.
    private void word(String text) {
        byte[] bytes = words.get(text);
        if (bytes == null) {
            if (words.size() > 4096) {
                words.clear();
            }
            bytes = Ascii.bytes(text);
            words.put(text, bytes);
        }
        raw(bytes, 0, bytes.length);
    }

    private void raw(char c) {
        room(1);
        line[length++] = (byte) c;
    }

    private void raw(byte[] bytes, int start, int end) {
        room(end - start);
        System.arraycopy(bytes, start, line, length, end - start);
        length += end - start;
    }

    /// Nothing in quotes can end the quotes, the field or the line.
    private void escaped(byte[] bytes, int start, int end) {
        int last = Math.min(end, start + LONGEST_FIELD);
        room(PLACE_ENDS * (last - start));
        for (int i = start; i < last; i++) {
            byte b = bytes[i];
            if (b == '"' || b == '\\') {
                line[length++] = '\\';
                line[length++] = b;
            } else if ((b & 0xff) < 0x20 || b == 0x7f) {
                line[length++] = '\\';
                line[length++] = 'x';
                line[length++] = HEX[(b >> 4) & 15];
                line[length++] = HEX[b & 15];
            } else {
                line[length++] = b;
            }
        }
    }

    private void decimal(long value) {
        if (value >= 10) {
            decimal(value / 10);
        }
        raw((char) ('0' + value % 10));
    }

    private void room(int more) {
        if (length + more > line.length) {
            line = Arrays.copyOf(line, Math.max(2 * line.length, length + more));
        }
    }
}
