package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyHeaderTest {
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";

    @Test
    void firstVersionNamesClientAndPort() {
        assertThat(said("PROXY TCP4 192.0.2.1 198.51.100.7 50000 443\r\n"))
                .isEqualTo("192.0.2.1 443");
        assertThat(said("PROXY TCP6 2001:db8::1 ::1 50000 8443\r\n")).isEqualTo("2001:db8::1 8443");
        assertThat(said("PROXY UNKNOWN\r\n")).isEqualTo("nobody");
        assertThat(said("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n")).isEqualTo("nobody");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\n",
                "PROXY TCP4 192.0.2.1 198.51.100.7 50000 443\n",
                "PROXY  TCP4 192.0.2.1 198.51.100.7 50000 443\r\n",
                "PROXY TCP4 192.0.2.1 198.51.100.7 50000 443 \r\n",
                "PROXY TCP4 192.0.2.1 198.51.100.7 50000\r\n",
                "PROXY TCP4 192.0.2.01 198.51.100.7 50000 443\r\n",
                "PROXY TCP4 192.0.2.256 198.51.100.7 50000 443\r\n",
                "PROXY TCP4 192.0.2 198.51.100.7 50000 443\r\n",
                "PROXY TCP4 ::1 ::1 50000 443\r\n",
                "PROXY TCP6 192.0.2.1 198.51.100.7 50000 443\r\n",
                "PROXY TCP6 fe80::1%lo ::1 50000 443\r\n",
                "PROXY TCP6 [::1] ::1 50000 443\r\n",
                "PROXY TCP4 192.0.2.1 198.51.100.7 50000 65536\r\n",
                "PROXY TCP4 192.0.2.1 198.51.100.7 50000 0443\r\n",
                "PROXY TCP4 192.0.2.1 198.51.100.7 +5000 443\r\n",
                "PROXY UDP4 192.0.2.1 198.51.100.7 50000 443\r\n",
                "PROXY \r\n",
                "proxy TCP4 192.0.2.1 198.51.100.7 50000 443\r\n"
            })
    void malformedLinesAreRefused(String line) {
        assertThat(said(line)).isEqualTo("bad");
    }

    @Test
    void lineThatDoesNotEndIsRefused() {
        assertThat(said("PROXY UNKNOWN " + "x".repeat(92))).isEqualTo("more");
        assertThat(said("PROXY UNKNOWN " + "x".repeat(93))).isEqualTo("bad");
        assertThat(said("PROXY UNKNOWN " + "x".repeat(93) + "\r\n")).isEqualTo("bad");
    }

    @Test
    void secondVersionNamesClientAndPort() {
        assertThat(binary("21 11 000c c0000201 c6336407 c350 01bb")).isEqualTo("192.0.2.1 443");
        assertThat(binary("21 11 0012 c0000201 c6336407 c350 01bb 04 0003 616263"))
                .isEqualTo("192.0.2.1 443");
        assertThat(
                        binary(
                                "21 21 0024 20010db8000000000000000000000001"
                                        + " 00000000000000000000000000000001 c350 20fb"))
                .isEqualTo("2001:db8::1 8443");
        assertThat(binary("20 00 0000")).isEqualTo("nobody");
        assertThat(binary("20 11 000c c0000201 c6336407 c350 01bb")).isEqualTo("nobody");
        assertThat(binary("21 00 0000")).isEqualTo("nobody");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "11 11 000c c0000201 c6336407 c350 01bb",
                "22 11 000c c0000201 c6336407 c350 01bb",
                "21 12 000c c0000201 c6336407 c350 01bb",
                "21 31 000c c0000201 c6336407 c350 01bb",
                "21 11 000b c0000201 c6336407 c350 01",
                "21 21 000c c0000201 c6336407 c350 01bb",
                "21 11 ffff c0000201 c6336407 c350 01bb"
            })
    void malformedBinaryHeadersAreRefused(String hex) {
        assertThat(binary(hex)).isEqualTo("bad");
    }

    @Test
    void headerCutAnywhereIsWaitedForAndWhatFollowsIsLeft() {
        byte[] line =
                "PROXY TCP4 192.0.2.1 198.51.100.7 50000 443\r\n"
                        .getBytes(StandardCharsets.US_ASCII);
        byte[] binary = HexFormat.of().parseHex(SIGNATURE + "2111000cc0000201c6336407c35001bb");
        for (byte[] whole : new byte[][] {line, binary}) {
            for (int length = 0; length < whole.length; length++) {
                ByteBuf part = Unpooled.wrappedBuffer(whole, 0, length);
                assertThat(ProxyHeader.read(part)).isInstanceOf(ProxyHeader.More.class);
                assertThat(part.readableBytes()).isEqualTo(length);
            }
            ByteBuf more = Unpooled.wrappedBuffer(whole, "GET".getBytes(StandardCharsets.US_ASCII));
            assertThat(ProxyHeader.read(more)).isInstanceOf(ProxyHeader.Said.class);
            assertThat(more.toString(StandardCharsets.US_ASCII)).isEqualTo("GET");
        }
    }

    private static String binary(String hex) {
        return said(
                Unpooled.wrappedBuffer(HexFormat.of().parseHex(SIGNATURE + hex.replace(" ", ""))));
    }

    private static String said(String text) {
        return said(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
    }

    private static String said(ByteBuf bytes) {
        return switch (ProxyHeader.read(bytes)) {
            case ProxyHeader.More _ -> "more";
            case ProxyHeader.Bad _ -> "bad";
            case ProxyHeader.Said said -> {
                ClientAddress client = said.client();
                yield client == null
                        ? "nobody"
                        : new String(client.text(), StandardCharsets.US_ASCII)
                                + " "
                                + client.port();
            }
        };
    }
}
