package dev.paddock.router;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// A client that writes and reads bytes; every read ends after ten seconds.
final class RawClient implements AutoCloseable {
    private static final int LIMIT_MILLIS = 10_000;

    private final Socket socket = new Socket();
    private final InputStream in;

    RawClient(InetSocketAddress router) throws IOException {
        this(router, 0);
    }

    /// @param room in the socket for what was not read yet, 0 for the usual
    RawClient(InetSocketAddress router, int room) throws IOException {
        if (room > 0) {
            socket.setReceiveBufferSize(room);
        }
        socket.connect(router, LIMIT_MILLIS);
        socket.setSoTimeout(LIMIT_MILLIS);
        socket.setTcpNoDelay(true);
        in = socket.getInputStream();
    }

    /// An answer: its head with the empty line, and its body without framing.
    record Response(String head, String body) {
        int status() {
            return Integer.parseInt(head.substring(9, 12));
        }

        boolean says(String headerLine) {
            return head.toLowerCase(Locale.ROOT)
                    .contains("\r\n" + headerLine.toLowerCase(Locale.ROOT) + "\r\n");
        }
    }

    RawClient send(String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
        return this;
    }

    RawClient get(String path, String... headerLines) throws IOException {
        return send(request("GET", path, headerLines));
    }

    static String request(String method, String path, String... headerLines) {
        StringBuilder text =
                new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: a.localhost\r\n");
        for (String line : headerLines) {
            text.append(line).append("\r\n");
        }
        return text.append("\r\n").toString();
    }

    String readHead() throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int b = in.read();
            if (b < 0) {
                break;
            }
            head.write(b);
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    Response response() throws IOException {
        String head = readHead();
        String lower = head.toLowerCase(Locale.ROOT);
        if (lower.contains("\r\ntransfer-encoding: chunked\r\n")) {
            return new Response(head, readChunks());
        }
        int at = lower.indexOf("\r\ncontent-length: ");
        if (at < 0) {
            return new Response(head, "");
        }
        int end = lower.indexOf("\r\n", at + 2);
        return new Response(head, read(Integer.parseInt(head.substring(at + 18, end).strip())));
    }

    private String readChunks() throws IOException {
        StringBuilder body = new StringBuilder();
        while (true) {
            int size = Integer.parseInt(readLine(), 16);
            if (size == 0) {
                while (!readLine().isEmpty()) {
                    // Trailers.
                }
                return body.toString();
            }
            body.append(read(size));
            readLine();
        }
    }

    private String readLine() throws IOException {
        StringBuilder line = new StringBuilder();
        int b;
        while ((b = in.read()) >= 0 && b != '\n') {
            line.append((char) b);
        }
        return line.toString().strip();
    }

    String read(int bytes) throws IOException {
        return new String(in.readNBytes(bytes), StandardCharsets.ISO_8859_1);
    }

    /// Everything up to the end of the stream, or to a reset.
    String readToEnd() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try {
            in.transferTo(all);
        } catch (IOException _) {
            // A reset is an end too.
        }
        return all.toString(StandardCharsets.ISO_8859_1);
    }

    void endOutput() throws IOException {
        socket.shutdownOutput();
    }

    /// Closes as a program that ends does, in the middle of whatever is going on.
    void leave() throws IOException {
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
