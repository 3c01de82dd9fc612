package dev.paddock.router.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.router.http.ResponseHead.Result;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResponseHeadTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "HTTP/1.1 200 OK|DONE",
                "HTTP/1.0 200 OK|DONE",
                "HTTP/1.1 421 |DONE",
                "HTTP/1.1 421|DONE",
                "HTTP/1.1 666 THE NUMBER|DONE",
                "HTTP/1.1 099 Low|MALFORMED",
                "HTTP/1.1 99 Low|MALFORMED",
                "HTTP/1.1 2x0 OK|MALFORMED",
                "HTTP/1.1 2000 OK|MALFORMED",
                "HTTP/2.0 200 OK|MALFORMED",
                "ICY 200 OK|MALFORMED",
                "GARBAGE|MALFORMED",
                "HTTP/1.1 200 O\u0000K|MALFORMED",
                "HTTP/1.1 200 OK␍␊Content-Length: \t2 |DONE",
                "HTTP/1.1 200 OK␍␊Content-Length: 2␍␊Content-Length: 2|DONE",
                "HTTP/1.1 200 OK␍␊Content-Length: 2␍␊Content-Length: 3|BAD_LENGTH",
                "HTTP/1.1 200 OK␍␊Content-Length: 2,2|BAD_LENGTH",
                "HTTP/1.1 200 OK␍␊Transfer-Encoding: gzip|MALFORMED",
                "HTTP/1.1 200 OK␍␊X-A: b\u0000c|MALFORMED",
                "HTTP/1.1 200 OK␍␊X-A : b|DONE",
            })
    void headIsJudged(String head, Result wanted) {
        assertThat(
                        new ResponseHead()
                                .feed(bytes(RequestHeadTest.controls(head) + "\r\n\r\n"), false))
                .isEqualTo(wanted);
    }

    @Test
    void longLinesHaveTheirOwnFailures() {
        assertThat(judge("HTTP/1.1 200 " + "x".repeat(9000) + "\r\n\r\n"))
                .isEqualTo(Result.STATUS_LINE_TOO_LONG);
        assertThat(judge("HTTP/1.1 200 OK\r\nX: " + "x".repeat(500_000) + "\r\n\r\n"))
                .isEqualTo(Result.DONE);
        assertThat(judge("HTTP/1.1 200 OK\r\nX: " + "x".repeat(600_000)))
                .isEqualTo(Result.HEADER_TOO_LONG);
        assertThat(judge("HTTP/1.1 200 OK\r\nSet-Cookie: " + "x".repeat(8200) + "\r\n\r\n"))
                .isEqualTo(Result.COOKIE_TOO_LONG);
    }

    @Test
    void framingFollowsStatusAndMethod() {
        assertThat(read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true).framing())
                .isEqualTo(Framing.NONE);
        assertThat(read("HTTP/1.1 204 No\r\nContent-Length: 9\r\n\r\n", false).framing())
                .isEqualTo(Framing.NONE);
        assertThat(read("HTTP/1.1 304 Not\r\nContent-Length: 9\r\n\r\n", false).framing())
                .isEqualTo(Framing.NONE);
        assertThat(
                        read(
                                        """
                                        HTTP/1.1 200 OK\r
                                        Content-Length: 9\r
                                        Transfer-Encoding: chunked\r
                                        \r
                                        """,
                                        false)
                                .framing())
                .isEqualTo(Framing.CHUNKED);
        assertThat(read("HTTP/1.0 200 OK\r\n\r\n", false).framing()).isEqualTo(Framing.UNTIL_CLOSE);
    }

    @Test
    void clientSeesNothingOfTheDynosConnection() {
        ResponseHead head =
                read(
                        """
                        HTTP/1.0 404\r
                        Connection: keep-alive, X-Drop\r
                        X-Drop: 1\r
                        Keep-Alive: timeout=5\r
                        Set-Cookie: a=1\r
                        Server: x\r
                        Set-Cookie: b=2\r
                        Content-Length: 2\r
                        Via: 1.1 inner\r
                        \r
                        """,
                        false);

        assertThat(written(head, Framing.LENGTH, false, false))
                .isEqualTo(
                        """
                        HTTP/1.1 404 \r
                        Set-Cookie: a=1\r
                        Server: x\r
                        Set-Cookie: b=2\r
                        Content-Length: 2\r
                        Via: 1.1 inner, 1.1 paddock\r
                        \r
                        """);
        assertThat(head.isKeepAlive()).isTrue();
    }

    @Test
    void closingAndOldClientsAreTold() {
        String answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

        assertThat(written(read(answer, false), Framing.CHUNKED, true, false))
                .contains("Transfer-Encoding: chunked\r\n", "Connection: close\r\n");
        assertThat(written(read(answer, false), Framing.UNTIL_CLOSE, true, true))
                .doesNotContain("chunked")
                .contains("Connection: close\r\n");
    }

    @Test
    void mutatedHeadsGiveTheSameResultHoweverTheyAreSplit() {
        long seed = 4711;
        SplittableRandom random = new SplittableRandom(seed);
        ResponseHead whole = new ResponseHead();
        ResponseHead split = new ResponseHead();
        for (int round = 0; round < 40_000; round++) {
            byte[] mutated = Mutations.of(Mutations.RESPONSES, random);
            whole.reset();
            Result result = whole.feed(Unpooled.wrappedBuffer(mutated), false);

            split.reset();
            Result pieces = Result.MORE;
            for (int at = 0; at < mutated.length && pieces == Result.MORE; ) {
                int end = Math.min(mutated.length, at + 1 + random.nextInt(30));
                pieces = split.feed(Unpooled.wrappedBuffer(mutated, at, end - at), false);
                at = end;
            }

            assertThat(pieces).as("seed %d round %d", seed, round).isEqualTo(result);
            if (result == Result.DONE) {
                assertThat(split.framing()).isEqualTo(whole.framing());
                assertThat(written(whole, Framing.CHUNKED, false, false))
                        .doesNotContainPattern("[^\r]\n|\r[^\n]|[\u0000\u007f]");
            }
        }
    }

    private static Result judge(String text) {
        return new ResponseHead().feed(bytes(text), false);
    }

    private static ResponseHead read(String text, boolean toHead) {
        ResponseHead head = new ResponseHead();
        assertThat(head.feed(bytes(text), toHead)).isEqualTo(Result.DONE);
        return head;
    }

    private static String written(
            ResponseHead head, Framing framing, boolean close, boolean http10) {
        Bytes out = new Bytes();
        ResponseWriter.write(out, head, framing, false, close, http10, new byte[0]);
        return new String(out.array(), 0, out.length(), StandardCharsets.ISO_8859_1);
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.ISO_8859_1));
    }
}
