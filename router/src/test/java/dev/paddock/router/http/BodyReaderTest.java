package dev.paddock.router.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BodyReaderTest {
    @Test
    void lengthEndsTheBody() {
        BodyReader body = new BodyReader();
        body.begin(Framing.LENGTH, 3);
        ByteBuf in = bytes("abcdef");

        assertThat(body.next(in)).isEqualTo(BodyReader.Part.DATA);
        assertThat(body.dataLength()).isEqualTo(3);
        in.skipBytes(3);
        assertThat(body.next(in)).isEqualTo(BodyReader.Part.END);
        assertThat(in.toString(StandardCharsets.US_ASCII)).isEqualTo("def");
    }

    @Test
    void chunksAndTrailersAreTakenApart() {
        ByteBuf in =
                bytes(
                        "3;a=b\r\nabc\r\n00A ;q=\"x\"\r\n".replace(" ;", ";")
                                + "0123456789\r\n0;z\r\nX-T: 1\r\ny:2\r\n\r\nnext");

        assertThat(decode(List.of(in))).isEqualTo("abc0123456789|X-T: 1\r\ny:2\r\n|END");
        assertThat(in.toString(StandardCharsets.US_ASCII)).isEqualTo("next");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x\r\n",
                "\r\n",
                "-1\r\n",
                "+1\r\n",
                "0x1\r\n",
                "1 \r\n",
                " 1\r\n",
                "1\nx",
                "1\rx\r\n",
                "12345678901234567\r\n",
                "ffffffffffffffff\r\n",
                "1;a\u0000\r\nx",
                "1\r\nxx\r\n",
                "1\r\nx\n",
                "1\r\nx\rx",
                "0\r\nbad trailer\r\n\r\n",
                "0\r\n: x\r\n\r\n",
                "0\r\nx: \u0001\r\n\r\n",
                "0\r\n\n"
            })
    void badChunksAreRefused(String text) {
        assertThat(decode(List.of(bytes(text)))).endsWith("|BAD");
    }

    @Test
    void endlessLinesAreRefused() {
        assertThat(decode(List.of(bytes("1;" + "x".repeat(5000))))).endsWith("|BAD");
        assertThat(decode(List.of(bytes("0\r\n" + "x: y\r\n".repeat(5000))))).endsWith("|BAD");
    }

    @Test
    void resultDoesNotDependOnTheSplit() {
        long seed = 99;
        SplittableRandom random = new SplittableRandom(seed);
        List<String> streams =
                List.of(
                        "5\r\nhello\r\n0\r\n\r\n",
                        "1\r\na\r\n10;ext=1\r\n0123456789abcdef\r\n0\r\nx: y\r\n\r\n",
                        "A\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n");
        for (int round = 0; round < 40_000; round++) {
            byte[] mutated = Mutations.of(streams, random);
            String whole = decode(List.of(Unpooled.wrappedBuffer(mutated)));
            List<ByteBuf> pieces = new java.util.ArrayList<>();
            for (int at = 0; at < mutated.length; ) {
                int end = Math.min(mutated.length, at + 1 + random.nextInt(6));
                pieces.add(Unpooled.wrappedBuffer(mutated, at, end - at));
                at = end;
            }

            assertThat(decode(pieces)).as("seed %d round %d", seed, round).isEqualTo(whole);
        }
    }

    /// Data, trailers and how it ended.
    private static String decode(List<ByteBuf> pieces) {
        BodyReader body = new BodyReader();
        body.begin(Framing.CHUNKED, 0);
        StringBuilder data = new StringBuilder();
        String end = "MORE";
        for (ByteBuf in : pieces) {
            BodyReader.Part part;
            while ((part = body.next(in)) == BodyReader.Part.DATA) {
                byte[] bytes = new byte[body.dataLength()];
                in.readBytes(bytes);
                data.append(new String(bytes, StandardCharsets.ISO_8859_1));
            }
            if (part != BodyReader.Part.MORE) {
                end = part.name();
                break;
            }
        }
        String trailers =
                new String(body.trailers(), 0, body.trailersLength(), StandardCharsets.ISO_8859_1);
        return data + "|" + (end.equals("BAD") ? "" : trailers) + "|" + end;
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.ISO_8859_1));
    }
}
