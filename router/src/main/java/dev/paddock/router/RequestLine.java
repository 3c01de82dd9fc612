package dev.paddock.router;

import dev.paddock.router.http.Ascii;
import dev.paddock.router.http.Bytes;
import dev.paddock.router.http.Forwarding;
import dev.paddock.router.http.HeaderName;
import dev.paddock.router.http.RequestHead;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The text of one request's log line (router.md section 8), built in a buffer that is used again and again. For one
/// thread.
final class RequestLine {
    /// A path longer than this is cut in the log.
    private static final int LONGEST_FIELD = 8192;

    private static final byte[] INFO = Ascii.bytes("at=info");
    private static final byte[] METHOD = Ascii.bytes(" method=");
    private static final byte[] PATH = Ascii.bytes(" path=\"");
    private static final byte[] HOST = Ascii.bytes("\" host=");
    private static final byte[] REQUEST_ID = Ascii.bytes(" request_id=");
    private static final byte[] FORWARDED = Ascii.bytes(" fwd=\"");
    private static final byte[] DYNO = Ascii.bytes("\" dyno=");
    private static final byte[] CONNECT = Ascii.bytes(" connect=");
    private static final byte[] SERVICE = Ascii.bytes(" service=");
    private static final byte[] STATUS = Ascii.bytes(" status=");
    private static final byte[] BYTES = Ascii.bytes(" bytes=");
    private static final byte[] PROTOCOL = Ascii.bytes(" protocol=");
    private static final byte[] TLS = Ascii.bytes(" tls=true tls_version=");
    private static final byte[] MILLIS = Ascii.bytes("ms");
    private static final byte[] PLAIN = Ascii.bytes(" tls=false tls_version=unknown");
    private static final String HEX = "0123456789abcdef";

    private final Map<String, byte[]> words = new HashMap<>();
    private final Bytes line = new Bytes();

    /// The line that was written last.
    Bytes text() {
        return line;
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
        line.clear();
        RouterFailure failure = facts.failure();
        Backend dyno = facts.dyno();
        if (failure == null) {
            line.add(INFO);
        } else {
            blame(failure);
        }
        byte[] bytes = head.bytes();
        line.add(METHOD);
        line.add(bytes, head.methodStart(), head.methodEnd());
        line.add(PATH);
        if (head.targetStart() == head.targetEnd() && head.methodEnd() > head.methodStart()) {
            line.add('/');
        }
        escaped(bytes, head.targetStart(), head.targetEnd());
        line.add(HOST);
        line.add(bytes, head.hostStart(), head.hostNameEnd());
        line.add(REQUEST_ID);
        if (forwarding != null) {
            line.add(forwarding.requestId());
        }
        line.add(FORWARDED);
        if (forwarding != null) {
            escaped(forwarding.forwardedFor(), 0, forwarding.forwardedFor().length);
        }
        line.add(DYNO);
        word(dyno == null ? "" : dyno.name());
        millis(CONNECT, facts.connectNanos());
        millis(SERVICE, facts.serviceNanos());
        line.add(STATUS);
        if (facts.status() > 0) {
            line.addDecimal(facts.status());
        }
        line.add(BYTES);
        if (facts.bytes() >= 0) {
            line.addDecimal(facts.bytes());
        }
        line.add(PROTOCOL);
        word(facts.protocol());
        if (facts.tlsVersion().isEmpty()) {
            line.add(PLAIN);
        } else {
            line.add(TLS);
            word(facts.tlsVersion());
        }
        if (failure == RouterFailure.Client.MISDIRECTED) {
            word(" agent=\"");
            byte[] agent = Ascii.bytes(head.value(HeaderName.USER_AGENT));
            escaped(agent, 0, agent.length);
            line.add('"');
        }
    }

    private void blame(RouterFailure failure) {
        if (!failure.socket().isEmpty()) {
            word("sock=");
            word(failure.socket());
            line.add(' ');
        }
        word("at=");
        word(failure.level());
        if (!failure.code().isEmpty()) {
            word(" code=");
            word(failure.code());
            word(" desc=\"");
            word(failure.description());
            line.add('"');
        }
        if (!failure.cause().isEmpty()) {
            word(" cause=\"");
            word(failure.cause());
            line.add('"');
        }
    }

    private void millis(byte[] field, long nanos) {
        line.add(field);
        if (nanos >= 0) {
            line.addDecimal(nanos / 1_000_000);
            line.add(MILLIS);
        }
    }

    /// Names and reasons that come again are turned into bytes once; dyno names are among them, so the number is bounded.
    private void word(String text) {
        byte[] bytes = words.get(text);
        if (bytes == null) {
            if (words.size() > 4096) {
                words.clear();
            }
            bytes = Ascii.bytes(text);
            words.put(text, bytes);
        }
        line.add(bytes);
    }

    /// Nothing in quotes can end the quotes, the field or the line.
    private void escaped(byte[] bytes, int start, int end) {
        int last = Math.min(end, start + LONGEST_FIELD);
        int plain = start;
        for (int i = start; i < last; i++) {
            byte b = bytes[i];
            boolean quoted = b == '"' || b == '\\';
            if (quoted || (b & 0xff) < 0x20 || b == 0x7f) {
                line.add(bytes, plain, i);
                plain = i + 1;
                line.add('\\');
                if (quoted) {
                    line.add((char) b);
                } else {
                    line.add('x');
                    line.add(HEX.charAt((b >> 4) & 15));
                    line.add(HEX.charAt(b & 15));
                }
            }
        }
        line.add(bytes, plain, last);
    }
}
