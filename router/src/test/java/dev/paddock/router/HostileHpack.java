package dev.paddock.router;

import dev.paddock.router.HostileFields.Field;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.netty.util.AsciiString;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;

/// Codes the fields of one connection in all the ways that HPACK (RFC 7541) has, and in some that it has not.
final class HostileHpack {
    private static final int STATIC_NAMES = 61;
    private static final byte[][] SPICE = {
        // Size updates: to nothing, to the usual size, to more than was allowed, without end.
        {0x20},
        {0x3f, (byte) 0xe1, 0x1f},
        {0x3f, (byte) 0xff, (byte) 0xff, 0x7f},
        {0x3f, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x7f},
        // Indexes: none, the youngest entry, one that is not there.
        {(byte) 0x80},
        {(byte) 0xbe},
        {(byte) 0xff, (byte) 0xff, 0x7f},
        // Strings: in a code that ends badly, of the end mark, longer than what follows.
        {0, (byte) 0x81, 0, 1, 'x'},
        {0, 1, 'x', (byte) 0x84, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff},
        {0, 0x7f, (byte) 0xff, (byte) 0xff, 0x7f}
    };

    private final SplittableRandom random;

    /// Everything in Huffman's code, and remembered.
    private final Http2HeadersEncoder encoder =
            new DefaultHttp2HeadersEncoder(Http2HeadersEncoder.NEVER_SENSITIVE, true, 16, 0);

    HostileHpack(SplittableRandom random) {
        this.random = random;
    }

    byte[] block(List<Field> fields) {
        return random.nextInt(3) == 0 ? usual(fields) : odd(fields);
    }

    /// A block with a byte, an entry or its end amiss.
    byte[] broken(List<Field> fields) {
        byte[] block = block(fields);
        if (block.length == 0) {
            return block;
        }
        int at = random.nextInt(block.length);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(block, 0, at);
        switch (random.nextInt(3)) {
            case 0 -> out.write(random.nextInt(256));
            case 1 -> out.writeBytes(SPICE[random.nextInt(SPICE.length)]);
            default -> {
                return out.toByteArray();
            }
        }
        out.write(block, at, block.length - at);
        return out.toByteArray();
    }

    private byte[] usual(List<Field> fields) {
        Http2Headers headers = new DefaultHttp2Headers(false);
        for (Field field : fields) {
            headers.add(
                    new AsciiString(bytes(field.name())), new AsciiString(bytes(field.value())));
        }
        ByteBuf out = Unpooled.buffer();
        try {
            encoder.encodeHeaders(1, headers, out);
            return ByteBufUtil.getBytes(out);
        } catch (Http2Exception impossible) {
            throw new IllegalStateException(impossible);
        } finally {
            out.release();
        }
    }

    private byte[] odd(List<Field> fields) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (random.nextInt(8) == 0) {
            out.writeBytes(SPICE[random.nextInt(2)]);
        }
        for (Field field : fields) {
            switch (random.nextInt(12)) {
                case 0 -> literal(out, 0x40, field);
                case 1 -> literal(out, 0x10, field);
                case 2 -> {
                    // A name from the tables, whatever it is.
                    number(out, 0, 4, 1 + random.nextInt(STATIC_NAMES + 3));
                    text(out, field.value());
                }
                default -> literal(out, 0, field);
            }
        }
        return out.toByteArray();
    }

    private static void literal(ByteArrayOutputStream out, int kind, Field field) {
        out.write(kind);
        text(out, field.name());
        text(out, field.value());
    }

    private static void text(ByteArrayOutputStream out, String text) {
        byte[] bytes = bytes(text);
        number(out, 0, 7, bytes.length);
        out.writeBytes(bytes);
    }

    private static void number(ByteArrayOutputStream out, int kind, int bits, int number) {
        int most = (1 << bits) - 1;
        if (number < most) {
            out.write(kind | number);
            return;
        }
        out.write(kind | most);
        int rest = number - most;
        while (rest >= 0x80) {
            out.write(0x80 | (rest & 0x7f));
            rest >>>= 7;
        }
        out.write(rest);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
