package dev.paddock.router.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.router.http.RequestHead.Result;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestHeadTest {
    private static final String HOST = "Host: a.localhost\r\n";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET / HTTP/1.1|DONE",
                "GET / HTTP/1.0|DONE",
                "PROPFIND /a%20b?x=1&&y HTTP/1.1|DONE",
                "OPTIONS * HTTP/1.1|DONE",
                "GET * HTTP/1.1|BAD",
                "GET http://a.localhost/x HTTP/1.1|DONE",
                "GET HTTP://a.localhost HTTP/1.1|DONE",
                "GET http:///x HTTP/1.1|BAD",
                "GET http://u@a.localhost/x HTTP/1.1|BAD",
                "GET ftp://a.localhost/x HTTP/1.1|BAD",
                "GET a.localhost/x HTTP/1.1|BAD",
                "GET #x HTTP/1.1|BAD",
                "GET  / HTTP/1.1|BAD",
                "GET /a b HTTP/1.1|BAD",
                "GET / HTTP/1.1 x|BAD",
                "GET / HTTP/11|BAD",
                "GET / http/1.1|BAD",
                "G(T / HTTP/1.1|BAD",
                "GET /\u0001 HTTP/1.1|BAD",
                "GET /\u007f HTTP/1.1|BAD",
                "/ HTTP/1.1|BAD",
                "GET /|ANCIENT",
                "GET / HTTP/2.0|VERSION",
                "GET / HTTP/0.9|VERSION",
                "GET / HTTP/1.2|VERSION",
                "CONNECT a.localhost:443 HTTP/1.1|NO_TUNNELS",
            })
    void requestLineIsJudged(String line, Result wanted) {
        assertThat(judge(line + "\r\n" + HOST + "\r\n")).isEqualTo(wanted);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "X-A: b|DONE",
                "X-A:|DONE",
                "X-A: b\tc|DONE",
                "X-A: caf\u00e9|DONE",
                "X-A : b|BAD",
                ": b|BAD",
                "X(A: b|BAD",
                "X-A|BAD",
                " X-A: b|BAD",
                "X-A: a\u0000b|BAD",
                "X-A: a\u007fb|BAD",
                "X-A: a␍b|BAD",
                "X-A: a␊b|BAD",
                "Host: a.localhost|BAD",
                "Content-Length: 5|DONE",
                "Content-Length: 9223372036854775807|DONE",
                "Content-Length: 9223372036854775808|BAD",
                "Content-Length: +5|BAD",
                "Content-Length: 5,5|BAD",
                "Content-Length:|BAD",
                "Transfer-Encoding: chunked|DONE",
                "Transfer-Encoding: Chunked|DONE",
                "Transfer-Encoding: gzip|UNKNOWN_CODING",
                "Transfer-Encoding: chunked, chunked|UNKNOWN_CODING",
                "Transfer-Encoding:|UNKNOWN_CODING",
                "Connection: upgrade|BAD",
                "Connection: a,b , ,close|DONE",
            })
    void headerLineIsJudged(String line, Result wanted) {
        assertThat(judge("GET / HTTP/1.1\r\n" + HOST + controls(line) + "\r\n\r\n"))
                .isEqualTo(wanted);
    }

    @ParameterizedTest
    @CsvSource({
        "a.localhost,DONE",
        "a.localhost:80,DONE",
        "127.0.0.1:1,DONE",
        "[::1]:80,DONE",
        "a.localhost/x,BAD",
        "a b,BAD",
        "u@a,BAD",
        "a:80:80,BAD",
        "a#x,BAD",
        "[::1,BAD",
        "[x],BAD",
        "a:,BAD",
        "a:65536,BAD",
        "a:x,BAD",
        ":80,BAD",
        "'a,b',BAD",
        "'',BAD"
    })
    void hostIsJudged(String host, Result wanted) {
        assertThat(judge("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n")).isEqualTo(wanted);
    }

    @Test
    void hostMustBeThereOnce() {
        assertThat(judge("GET / HTTP/1.1\r\n\r\n")).isEqualTo(Result.BAD);
        assertThat(judge("GET / HTTP/1.0\r\n\r\n")).isEqualTo(Result.BAD);
        assertThat(judge("GET / HTTP/1.1\r\n" + HOST + HOST + "\r\n")).isEqualTo(Result.BAD);
    }

    @Test
    void limitsAreKeptToTheByte() {
        String line = "GET /" + "a".repeat(8192 - 14) + " HTTP/1.1";
        assertThat(line).hasSize(8192);
        assertThat(judge(line + "\r\n" + HOST + "\r\n")).isEqualTo(Result.DONE);
        assertThat(judge("X" + line + "\r\n" + HOST + "\r\n")).isEqualTo(Result.TOO_LONG);

        String header = "X: " + "v".repeat(8189);
        assertThat(withHeaders(header)).isEqualTo(Result.DONE);
        assertThat(withHeaders(header + "v")).isEqualTo(Result.BAD);
        assertThat(withHeaders("n".repeat(1000) + ": v")).isEqualTo(Result.DONE);
        assertThat(withHeaders("n".repeat(1001) + ": v")).isEqualTo(Result.BAD);

        assertThat(withHeaders("X: y\r\n".repeat(998) + "X: y")).isEqualTo(Result.DONE);
        assertThat(withHeaders("X: y\r\n".repeat(999) + "X: y")).isEqualTo(Result.BAD);
        assertThat(judge("M".repeat(127) + " / HTTP/1.1\r\n" + HOST + "\r\n"))
                .isEqualTo(Result.DONE);
        assertThat(judge("M".repeat(128) + " / HTTP/1.1\r\n" + HOST + "\r\n"))
                .isEqualTo(Result.BAD);
    }

    @Test
    void bodyBehindTheHeadIsLeftAlone() {
        ByteBuf in = bytes("\r\nPOST / HTTP/1.1\r\n" + HOST + "Content-Length: 4\r\n\r\nbody");
        RequestHead head = new RequestHead();

        assertThat(head.feed(in)).isEqualTo(Result.DONE);

        assertThat(in.toString(StandardCharsets.US_ASCII)).isEqualTo("body");
        assertThat(head.framing()).isEqualTo(Framing.LENGTH);
        assertThat(head.contentLength()).isEqualTo(4);
    }

    @Test
    void chunkedWinsOverLengthAndEndsTheConnection() {
        RequestHead head =
                read(
                        "POST / HTTP/1.1\r\n"
                                + HOST
                                + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n");

        assertThat(head.framing()).isEqualTo(Framing.CHUNKED);
        assertThat(head.isKeepAlive()).isFalse();
        assertThat(forwarded(head)).doesNotContain("Content-Length");
    }

    @Test
    void hopByHopHeadersGoAndTheRoutersOwnAreSet() {
        RequestHead head =
                read(
                        "GET /p HTTP/1.1\r\n"
                                + HOST
                                + """
                                Connection: keep-alive, X-Drop, Host, X-Forwarded-For\r
                                X-Drop: 1\r
                                Keep-Alive: timeout=5\r
                                TE: trailers\r
                                Proxy-Authentication: kept\r
                                X-Forwarded-For: 10.0.0.1\r
                                X-Keep: a\r
                                X-Forwarded-For: 10.0.0.2\r
                                X-Forwarded-Proto: https\r
                                Upgrade: websocket\r
                                Via: 1.1 other\r
                                x-keep: b\r
                                \r
                                """);

        assertThat(forwarded(head))
                .startsWith(
                        """
                        GET /p HTTP/1.1\r
                        Host: a.localhost\r
                        Proxy-Authentication: kept\r
                        X-Keep: a\r
                        x-keep: b\r
                        X-Forwarded-For: 10.0.0.1, 10.0.0.2, 192.0.2.1\r
                        X-Forwarded-Proto: http\r
                        X-Forwarded-Port: 8080\r
                        """)
                .contains("\r\nVia: 1.1 other, 1.1 paddock\r\n")
                .endsWith("\r\nConnection: keep-alive\r\n\r\n")
                .doesNotContain("X-Drop", "timeout=5", "trailers", "websocket");
    }

    @Test
    void absoluteTargetDecidesHostAndPath() {
        RequestHead head =
                read("GET http://b.localhost:81?q HTTP/1.1\r\nHost: a.localhost\r\n\r\n");

        assertThat(forwarded(head))
                .startsWith("GET /?q HTTP/1.1\r\nHost: b.localhost:81\r\n")
                .contains("X-Forwarded-Port: 81\r\n")
                .doesNotContain("a.localhost");
    }

    @Test
    void sameLengthsAreMergedAndRequestIdsChecked() {
        RequestHead head =
                read(
                        "POST / HTTP/1.1\r\n"
                                + HOST
                                + "Content-Length: 5\r\nX-Request-Id: short\r\n"
                                + "Content-Length: 5\r\n\r\n");
        String forwarded = forwarded(head);

        assertThat(forwarded).containsOnlyOnce("Content-Length");
        assertThat(forwarded)
                .containsPattern(
                        "X-Request-Id: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\r\n");
        String id = "0123456789+/=-abcdef";
        assertThat(
                        forwarded(
                                read(
                                        "GET / HTTP/1.1\r\n"
                                                + HOST
                                                + "X-Request-Id: "
                                                + id
                                                + "\r\n\r\n")))
                .contains("X-Request-Id: " + id + "\r\n");
    }

    @Test
    void h2cIsNotForwarded() {
        RequestHead head =
                read(
                        "GET / HTTP/1.1\r\n"
                                + HOST
                                + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                                + "HTTP2-Settings: AAMA\r\n\r\n");

        assertThat(head.isUpgrade()).isFalse();
        assertThat(forwarded(head)).doesNotContain("h2c", "HTTP2-Settings");
    }

    @Test
    void cookieIsFoundByItsWholeName() {
        RequestHead head =
                read("GET / HTTP/1.1\r\n" + HOST + "Cookie: xa=0; a=1;b=2\r\nCookie: c=3\r\n\r\n");

        assertThat(head.cookie("a")).isEqualTo("1");
        assertThat(head.cookie("b")).isEqualTo("2");
        assertThat(head.cookie("c")).isEqualTo("3");
        assertThat(head.cookie("d")).isEmpty();
    }

    /// Hundreds of thousands of mutated heads: no exception, and the same result however the bytes are split.
    @Test
    void mutatedHeadsGiveTheSameResultHoweverTheyAreSplit() {
        long seed = 20261124;
        SplittableRandom random = new SplittableRandom(seed);
        RequestHead whole = new RequestHead();
        RequestHead split = new RequestHead();
        for (int round = 0; round < 60_000; round++) {
            byte[] mutated = Mutations.of(Mutations.REQUESTS, random);
            whole.reset();
            ByteBuf in = Unpooled.wrappedBuffer(mutated);
            Result result = whole.feed(in);
            int taken = in.readerIndex();

            split.reset();
            Result pieces = Result.MORE;
            int at = 0;
            int consumed = 0;
            while (at < mutated.length && pieces == Result.MORE) {
                int end = Math.min(mutated.length, at + 1 + random.nextInt(40));
                ByteBuf piece = Unpooled.wrappedBuffer(mutated, at, end - at);
                pieces = split.feed(piece);
                consumed = at + piece.readerIndex();
                at = end;
            }

            assertThat(pieces).as("seed %d round %d", seed, round).isEqualTo(result);
            if (result == Result.DONE) {
                assertThat(consumed).isEqualTo(taken);
                assertThat(forwarded(split)).isEqualTo(forwarded(whole));
                assertIsClean(forwarded(whole));
            }
        }
    }

    /// What reaches a dyno has one host, one frame, and no byte that could begin another line.
    /// A dyno that compares letters would see a request without a body, and the body as the next one.
    @Test
    void codingIsForwardedInLowerCase() {
        String head = "POST / HTTP/1.1\r\n" + HOST + "Transfer-Encoding: ChunKed\r\n\r\n";
        assertThat(forwarded(read(head))).contains("Transfer-Encoding: chunked\r\n");
    }

    private static void assertIsClean(String head) {
        assertThat(head)
                .doesNotContainPattern(
                        "[^\r]\n|\r[^\n]|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]");
        String lower = head.toLowerCase(java.util.Locale.ROOT);
        assertThat(count(lower, "\r\nhost: ")).isEqualTo(1);
        assertThat(count(lower, "\r\ncontent-length: ") + count(lower, "\r\ntransfer-encoding: "))
                .isLessThanOrEqualTo(1);
        assertThat(count(lower, "\r\nx-forwarded-for: ")).isEqualTo(1);
        assertThat(count(lower, "\r\n\r\n")).isEqualTo(1);
    }

    private static int count(String text, String part) {
        return text.split(java.util.regex.Pattern.quote(part), -1).length - 1;
    }

    /// Line ends stand as symbols in the tables.
    static String controls(String line) {
        return line.replace('\u240d', '\r').replace('\u240a', '\n');
    }

    private static Result withHeaders(String lines) {
        return judge("GET / HTTP/1.1\r\n" + HOST + lines + "\r\n\r\n");
    }

    private static Result judge(String text) {
        return new RequestHead().feed(bytes(text));
    }

    private static RequestHead read(String text) {
        RequestHead head = new RequestHead();
        assertThat(head.feed(bytes(text))).isEqualTo(Result.DONE);
        return head;
    }

    private static String forwarded(RequestHead head) {
        Forwarding forwarding = new Forwarding();
        forwarding.prepare(
                head, Ascii.bytes("192.0.2.1"), false, 8080, 1000, new SplittableRandom(1));
        forwarding.attempt(1, 2, true);
        Bytes out = new Bytes();
        RequestWriter.write(out, head, forwarding);
        return new String(out.array(), 0, out.length(), StandardCharsets.ISO_8859_1);
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.ISO_8859_1));
    }
}
