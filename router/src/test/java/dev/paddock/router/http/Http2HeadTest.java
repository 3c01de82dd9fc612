package dev.paddock.router.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Heads between HTTP/2 and HTTP/1.1.
class Http2HeadTest {
    private static final String[] PIECES = {
        ":method",
        ":scheme",
        ":path",
        ":authority",
        ":protocol",
        "host",
        "cookie",
        "content-length",
        "transfer-encoding",
        "connection",
        "te",
        "trailers",
        "GET",
        "POST",
        "CONNECT",
        "https",
        "/",
        "*",
        "a.localhost",
        "0",
        "5",
        "chunked",
        "x",
        "X",
        "\r\n",
        "\n",
        "\r",
        "\0",
        " ",
        "\t",
        ":",
        "\r\n\r\n",
        "HTTP/1.1",
        "evil: 1",
        "\u00ff",
        "\u007f",
        ";",
        ",",
        ""
    };

    @Test
    void headBecomesHttp11() {
        assertThat(
                        write(
                                false,
                                ":method",
                                "GET",
                                ":scheme",
                                "https",
                                ":path",
                                "/a?b",
                                ":authority",
                                "a:1",
                                "x-a",
                                "1",
                                "cookie",
                                "a=1",
                                "host",
                                "A:1",
                                "cookie",
                                "b=2"))
                .isEqualTo("GET /a?b HTTP/1.1\r\nhost: a:1\r\nx-a: 1\r\ncookie: a=1; b=2\r\n\r\n");
        assertThat(write(true, ":method", "POST", ":scheme", "https", ":path", "/", "host", "a"))
                .isEqualTo("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
        assertThat(
                        write(
                                true,
                                ":method",
                                "POST",
                                ":scheme",
                                "https",
                                ":path",
                                "/",
                                ":authority",
                                "a",
                                "content-length",
                                "5"))
                .isEqualTo("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n");
    }

    @Test
    void nothingThatIsWellFormedCanHideAnotherLine() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        int written = 0;
        for (int round = 0; round < 200_000; round++) {
            List<String> fields = new ArrayList<>();
            if (random.nextInt(2) == 0) {
                fields.addAll(
                        List.of(
                                ":method",
                                "GET",
                                ":scheme",
                                "https",
                                ":path",
                                "/",
                                ":authority",
                                "a"));
            }
            for (int i = random.nextInt(4); i >= 0; i--) {
                fields.add(text(random));
                fields.add(text(random));
            }
            if (random.nextInt(4) == 0) {
                fields.set(2 * random.nextInt(fields.size() / 2) + 1, text(random));
            }
            String head = write(random.nextBoolean(), fields.toArray(String[]::new));
            if (!head.isEmpty()) {
                written++;
                RequestHead judged = new RequestHead();
                ByteBuf bytes = Unpooled.copiedBuffer(head, StandardCharsets.ISO_8859_1);
                RequestHead.Result result = judged.feed(bytes);

                assertThat(head.indexOf("\r\n\r\n"))
                        .as("seed %d, %s", seed, fields)
                        .isEqualTo(head.length() - 4);
                assertThat(head.split("\n", -1))
                        .as("seed %d, %s", seed, fields)
                        .hasSizeLessThanOrEqualTo(fields.size() / 2 + 4);
                assertThat(head).doesNotContain("\nevil");
                assertThat(result).isNotEqualTo(RequestHead.Result.MORE);
            }
        }
        assertThat(written).isGreaterThan(1000);
    }

    private static String text(SplittableRandom random) {
        StringBuilder text = new StringBuilder(PIECES[random.nextInt(PIECES.length)]);
        while (random.nextInt(4) == 0) {
            text.append(PIECES[random.nextInt(PIECES.length)]);
        }
        return text.toString();
    }

    @Test
    void answerIsReadBackAsItWas() throws Http2Exception {
        ResponseHead head = new ResponseHead();
        head.feed(
                Unpooled.copiedBuffer(
                        "HTTP/1.1 418 Teapot\r\nServer: x\r\nConnection: close, X-Drop\r\nX-Drop: 1\r\n"
                                + "Upgrade: h2c\r\nKeep-Alive: 5\r\nTransfer-Encoding: chunked\r\n"
                                + "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Long: "
                                + "y".repeat(300)
                                + "\r\nVia: 1.0 old\r\nContent-Type: text/plain\r\n\r\n",
                        StandardCharsets.ISO_8859_1),
                false);

        assertThat(read(HpackBlock.answer(head, Ascii.bytes("X-Extra:  z \r\n"))))
                .containsExactly(
                        ":status: 418",
                        "server: x",
                        "set-cookie: a=1",
                        "set-cookie: b=2",
                        "x-long: " + "y".repeat(300),
                        "content-type: text/plain",
                        "via: 1.0 old, 1.1 paddock",
                        "x-extra: z");
        assertThat(read(HpackBlock.own(204, new byte[0]))).containsExactly(":status: 204");
        byte[] trailers = Ascii.bytes("X-T: 1\r\nConnection: x\r\nx-u:2\r\nrest");
        assertThat(read(HpackBlock.trailers(trailers, trailers.length - 4)))
                .containsExactly("x-t: 1", "x-u: 2");
    }

    private static List<String> read(HpackBlock block) throws Http2Exception {
        List<String> fields = new ArrayList<>();
        new DefaultHttp2HeadersDecoder(true)
                .decodeHeaders(1, Unpooled.wrappedBuffer(block.bytes(), 0, block.length()))
                .forEach(field -> fields.add(field.getKey() + ": " + field.getValue()));
        return fields;
    }

    private static String write(boolean bodyFollows, String... fields) {
        Http2FieldList list = new Http2FieldList();
        for (int i = 0; i < fields.length; i += 2) {
            list.add(ascii(fields[i]), ascii(fields[i + 1]));
        }
        ByteBuf out = Unpooled.buffer();
        boolean written = Http2Head.write(list, bodyFollows, out);
        assertThat(out.isReadable()).isEqualTo(written);
        return out.toString(StandardCharsets.ISO_8859_1);
    }

    private static AsciiString ascii(String text) {
        return new AsciiString(text.getBytes(StandardCharsets.ISO_8859_1), false);
    }
}
