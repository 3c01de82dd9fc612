package dev.paddock.router.http;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

/// Makes hostile messages out of real ones.
public final class Mutations {
    public static final List<String> REQUESTS =
            messages(
                    """
                    GET / HTTP/1.1
                    Host: a.localhost

                    """,
                    """
                    POST /x?y=z HTTP/1.1
                    Host: a.localhost:8080
                    Content-Length: 5
                    Connection: keep-alive, X-Drop
                    X-Drop: 1

                    hello\
                    """,
                    """
                    POST / HTTP/1.1
                    Host: a
                    Transfer-Encoding: chunked
                    Expect: 100-continue
                    Via: 1.0 old
                    X-Forwarded-For: 10.0.0.1

                    5
                    hello
                    0

                    """,
                    """
                    GET http://b.test/p HTTP/1.0
                    Host: a
                    Cookie: heroku-session-affinity=x
                    Upgrade: websocket
                    Connection: upgrade

                    """,
                    """
                    OPTIONS * HTTP/1.1
                    Host: [::1]:80
                    X-Request-Id: 01234567890123456789

                    """);

    public static final List<String> RESPONSES =
            messages(
                    """
                    HTTP/1.1 200 OK
                    Content-Length: 2
                    Connection: close

                    ok\
                    """,
                    """
                    HTTP/1.1 200 OK
                    Transfer-Encoding: chunked
                    Trailer: x
                    Set-Cookie: a=b

                    3
                    abc
                    0
                    x: y

                    """,
                    """
                    HTTP/1.0 304
                    ETag: "x"
                    Via: 1.1 inner

                    """,
                    """
                    HTTP/1.1 101 Switching Protocols
                    Upgrade: websocket
                    Connection: Upgrade

                    raw\
                    """);

    /// What a proxy sends before the client's bytes.
    public static final List<String> PROXY_HEADERS =
            List.of(
                    "PROXY TCP4 192.0.2.1 198.51.100.7 50000 443\r\n",
                    "PROXY TCP6 2001:db8::1 ::ffff:198.51.100.7 50000 8443\r\n",
                    "PROXY UNKNOWN\r\n",
                    binary("2111 000c c0000201 c6336407 c350 01bb"),
                    binary("2111 0010 c0000201 c6336407 c350 01bb 04 0001 78"),
                    binary("2121 0024" + "20010db8".repeat(8) + "c350 20fb"),
                    binary("2000 0000"));

    private static final String[] SPICE = {
        "\r\n",
        "\n",
        "\r",
        " ",
        "\t",
        ":",
        ",",
        ";",
        "\u0000",
        "\u007f",
        "0",
        "chunked",
        "Content-Length: 3\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Host: evil\r\n",
        "\r\n\r\n",
        "Connection: close, Host\r\n",
        "X-Forwarded-For: 9.9.9.9\r\n",
        "ffffffffffffffff",
        "\u00ff"
    };

    private Mutations() {}

    private static String binary(String hex) {
        byte[] rest = HexFormat.of().parseHex(hex.replace(" ", ""));
        return "\r\n\r\n\0\r\nQUIT\n" + new String(rest, StandardCharsets.ISO_8859_1);
    }

    private static List<String> messages(String... texts) {
        return Arrays.stream(texts).map(text -> text.replace("\n", "\r\n")).toList();
    }

    /// One of the messages with up to four places changed, or two of them spliced.
    public static byte[] of(List<String> messages, SplittableRandom random) {
        byte[] bytes = Ascii.bytes(messages.get(random.nextInt(messages.size())));
        if (random.nextInt(8) == 0) {
            byte[] other = Ascii.bytes(messages.get(random.nextInt(messages.size())));
            ByteArrayOutputStream spliced = new ByteArrayOutputStream();
            spliced.write(bytes, 0, random.nextInt(bytes.length));
            int from = random.nextInt(other.length);
            spliced.write(other, from, other.length - from);
            bytes = spliced.toByteArray();
        }
        for (int changes = random.nextInt(5); changes > 0 && bytes.length > 0; changes--) {
            bytes = change(bytes, random);
        }
        return bytes;
    }

    private static byte[] change(byte[] bytes, SplittableRandom random) {
        int at = random.nextInt(bytes.length);
        int cut = random.nextInt(3) == 0 ? Math.min(1 + random.nextInt(4), bytes.length - at) : 0;
        byte[] put =
                switch (random.nextInt(3)) {
                    case 0 -> Ascii.bytes(SPICE[random.nextInt(SPICE.length)]);
                    case 1 -> new byte[] {(byte) random.nextInt(256)};
                    default -> new byte[0];
                };
        ByteArrayOutputStream changed = new ByteArrayOutputStream();
        changed.write(bytes, 0, at);
        changed.writeBytes(put);
        changed.write(bytes, at + cut, bytes.length - at - cut);
        return changed.toByteArray();
    }
}
