package dev.paddock.router;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Makes hostile field lists out of real HTTP/2 requests.
final class HostileFields {
    /// A name and a value, whatever they are.
    record Field(String name, String value) {}

    private static final String[][] REQUESTS = {
        {"GET", "/"},
        {"HEAD", "/a//b?c=%20", "user-agent", "fuzz/1", "accept", "*/*"},
        {"POST", "/x?y=z", "content-length", "5", "x-request-id", "01234567890123456789"},
        {"POST", "/", "trailer", "x-t", "te", "trailers", "via", "1.0 old"},
        {"GET", "/", "cookie", "a=1", "x", "y", "cookie", "heroku-session-affinity=x"},
        {"PUT", "/", "expect", "100-continue", "x-forwarded-for", "10.0.0.1"},
        {"OPTIONS", "*", "x-forwarded-for", "10.0.0.1", "x-forwarded-for", "10.0.0.2"},
        {"CONNECT", "/", ":protocol", "websocket"}
    };

    private static final String[] NAMES = {
        "connection",
        "keep-alive",
        "proxy-connection",
        "upgrade",
        "transfer-encoding",
        "te",
        "host",
        "content-length",
        "cookie",
        "expect",
        "via",
        "trailer",
        "http2-settings",
        "proxy-authorization",
        "x-forwarded-for",
        "x-request-start",
        "Content-Length",
        "Transfer-Encoding",
        "HOST",
        "",
        ":method",
        ":path",
        ":scheme",
        ":authority",
        ":status",
        ":protocol",
        ":",
        "x y",
        "x:y",
        "x\r\nhost",
        "x\u0000",
        "x\u00ff",
        "content-length "
    };

    private static final String[] VALUES = {
        "",
        "0",
        "3",
        "5",
        "+5",
        "-1",
        "5, 5",
        "9223372036854775808",
        "chunked",
        "gzip, chunked",
        "identity",
        "close",
        "trailers",
        "trailers, deflate",
        "websocket",
        "h2c",
        "100-continue",
        "host, content-length, x-forwarded-for",
        "a.localhost",
        "a.localhost:8080",
        "evil.localhost",
        "a.localhost, evil",
        "user@a.localhost",
        "/",
        "//",
        "*",
        "/a b",
        "/#x",
        "/\u00ff\u0080",
        "http://evil.localhost/",
        "/ HTTP/1.1\r\nhost: evil\r\n\r\n",
        "1\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a.localhost\r\n\r\n",
        "x\ny: z",
        "x\ry",
        "x\u0000y",
        "\u007f",
        " x",
        "x\t",
        "CONNECT",
        "GET",
        "get /",
        "https",
        "ftp"
    };

    private HostileFields() {}

    /// A request as a client would send it.
    static List<Field> plain(String method, String path) {
        List<Field> fields = new ArrayList<>();
        fields.add(new Field(":method", method));
        fields.add(new Field(":scheme", "https"));
        fields.add(new Field(":path", path));
        fields.add(new Field(":authority", "a.localhost"));
        return fields;
    }

    /// One of the requests with up to three places changed.
    static List<Field> request(SplittableRandom random) {
        String[] chosen = REQUESTS[random.nextInt(REQUESTS.length)];
        List<Field> fields = plain(chosen[0], chosen[1]);
        for (int i = 2; i < chosen.length; i += 2) {
            fields.add(new Field(chosen[i], chosen[i + 1]));
        }
        return changed(fields, random);
    }

    static List<Field> trailers(SplittableRandom random) {
        List<Field> fields = new ArrayList<>();
        fields.add(new Field("x-t", "1"));
        return changed(fields, random);
    }

    private static List<Field> changed(List<Field> fields, SplittableRandom random) {
        for (int changes = Math.max(0, random.nextInt(6) - 2); changes > 0; changes--) {
            change(fields, random);
        }
        return fields;
    }

    private static void change(List<Field> fields, SplittableRandom random) {
        int at = random.nextInt(fields.size() + 1);
        if (at == fields.size()) {
            fields.add(new Field(one(NAMES, random), one(VALUES, random)));
            return;
        }
        Field field = fields.get(at);
        switch (random.nextInt(8)) {
            case 0 -> fields.remove(at);
            case 1 -> fields.add(random.nextInt(fields.size() + 1), field);
            case 2 -> fields.add(at, new Field(one(NAMES, random), one(VALUES, random)));
            case 3 -> fields.set(at, new Field(one(NAMES, random), field.value()));
            case 4 -> fields.set(at, new Field(field.name(), one(VALUES, random)));
            case 5 -> fields.set(at, new Field(field.name(), withByte(field.value(), random)));
            case 6 -> fields.set(at, new Field(withByte(field.name(), random), field.value()));
            default ->
                    fields.set(
                            at, new Field(field.name(), "v".repeat(1 << (6 + random.nextInt(9)))));
        }
    }

    private static String withByte(String text, SplittableRandom random) {
        int at = random.nextInt(text.length() + 1);
        return text.substring(0, at) + (char) random.nextInt(256) + text.substring(at);
    }

    private static String one(String[] of, SplittableRandom random) {
        return of[random.nextInt(of.length)];
    }
}
