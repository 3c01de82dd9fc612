package dev.paddock.outbound;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.paddock.core.UserError;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ProtocolException;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// HTTP/1.1 to targets that tenants choose, a connection per request, so that each goes to the address that was judged
/// ([OutboundTargets]). Safe for any thread.
public final class OutboundHttp {
    /// What can be asked for.
    public static final Set<String> SCHEMES = Set.of("http", "https");

    private static final int MAX_REDIRECTS = 5;
    private static final int MAX_LINE_BYTES = 16 * 1024;
    private static final int MAX_HEADERS = 100;
    private static final int FIRST_FINAL_STATUS = 200;
    private static final int SWITCHING = 101;

    private final OutboundTargets targets;
    private final Duration patience;

    /// @param patience how long the other side may be silent: while connecting, and before each piece of its answer
    public OutboundHttp(OutboundTargets targets, Duration patience) {
        this.targets = targets;
        this.patience = patience;
    }

    /// Gets what is at the URL, following redirects; the answer may have any final status. Throws UserError for a
    /// target that is not allowed, also behind a redirect.
    public Answer get(URI url) throws IOException {
        URI at = url;
        for (int redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
            Answer answer = send("GET", at, Map.of(), new byte[0]);
            Optional<String> location = answer.redirect();
            if (location.isEmpty()) {
                return answer;
            }
            answer.close();
            try {
                at = at.resolve(location.get());
            } catch (IllegalArgumentException e) {
                throw new ProtocolException("redirected to something that is no URL");
            }
        }
        throw new ProtocolException("redirected more than " + MAX_REDIRECTS + " times");
    }

    /// Sends one request and returns when the head of its answer is there. Follows no redirect. Host, Connection and
    /// Content-Length are added to the headers.
    public Answer send(String method, URI url, Map<String, String> headers, byte[] body)
            throws IOException {
        Socket socket = connect(url);
        boolean answered = false;
        try {
            socket.setSoTimeout(Math.toIntExact(patience.toMillis()));
            OutputStream out = socket.getOutputStream();
            out.write(head(method, url, headers, body.length).getBytes(ISO_8859_1));
            out.write(body);
            out.flush();
            Answer answer = read(socket, method);
            answered = true;
            return answer;
        } finally {
            if (!answered) {
                socket.close();
            }
        }
    }

    private Socket connect(URI url) throws IOException {
        String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
        String host = url.getHost();
        if (host == null || !SCHEMES.contains(scheme)) {
            throw UserError.invalid("Only http and https URLs with a host can be reached.");
        }
        boolean tls = scheme.equals("https");
        int port = url.getPort() < 0 ? (tls ? 443 : 80) : url.getPort();
        return tls
                ? targets.connectTls(host, port, patience)
                : targets.connect(host, port, patience);
    }

    private static String head(String method, URI url, Map<String, String> headers, int length) {
        String path =
                url.getRawPath() == null || url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        StringBuilder head = new StringBuilder();
        head.append(method).append(' ').append(path);
        if (url.getRawQuery() != null) {
            head.append('?').append(url.getRawQuery());
        }
        head.append(" HTTP/1.1\r\nHost: ").append(url.getHost());
        if (url.getPort() >= 0) {
            head.append(':').append(url.getPort());
        }
        head.append("\r\nConnection: close\r\n");
        if (!headers.containsKey("User-Agent")) {
            head.append("User-Agent: Paddock\r\n");
        }
        headers.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        if (length > 0 || method.equals("POST")) {
            head.append("Content-Length: ").append(length).append("\r\n");
        }
        return head.append("\r\n").toString();
    }

    private static Answer read(Socket socket, String method) throws IOException {
        InputStream in = new BufferedInputStream(socket.getInputStream());
        int status = status(line(in));
        List<Map.Entry<String, String>> headers = headers(in);
        while (status < FIRST_FINAL_STATUS && status != SWITCHING) {
            status = status(line(in));
            headers = headers(in);
        }
        Answer head = new Answer(status, headers, InputStream.nullInputStream(), socket);
        boolean empty = method.equals("HEAD") || status == 204 || status == 304;
        return new Answer(
                status, headers, empty ? InputStream.nullInputStream() : body(head, in), socket);
    }

    private static InputStream body(Answer head, InputStream in) throws IOException {
        if (head.header("Transfer-Encoding")
                .filter(coding -> coding.toLowerCase(Locale.ROOT).contains("chunked"))
                .isPresent()) {
            return new Chunks(in);
        }
        Optional<String> length = head.header("Content-Length");
        if (length.isEmpty()) {
            return in;
        }
        if (!length.get().matches("[0-9]{1,18}")) {
            throw new ProtocolException("an answer of a length that is no number");
        }
        return new Counted(in, Long.parseLong(length.get()));
    }

    private static int status(String line) throws ProtocolException {
        if (!line.matches("HTTP/1\\.[01] [1-9][0-9]{2}( .*)?")) {
            throw new ProtocolException("an answer that is not HTTP");
        }
        return Integer.parseInt(line.substring(9, 12));
    }

    private static List<Map.Entry<String, String>> headers(InputStream in) throws IOException {
        List<Map.Entry<String, String>> headers = new ArrayList<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            if (colon < 1 || headers.size() == MAX_HEADERS) {
                throw new ProtocolException("an answer with a broken head");
            }
            headers.add(Map.entry(line.substring(0, colon), line.substring(colon + 1).strip()));
        }
        return headers;
    }

    static String line(InputStream in) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0 || bytes.size() == MAX_LINE_BYTES) {
                throw new ProtocolException("an answer that breaks off in its head");
            }
            bytes.write(next);
        }
        String line = bytes.toString(ISO_8859_1);
        return line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
    }

    /// An answer whose body is still coming; closing it closes the connection.
    public record Answer(
            int status,
            List<Map.Entry<String, String>> headers,
            InputStream body,
            Socket connection)
            implements AutoCloseable {
        public Answer {
            headers = List.copyOf(headers);
        }

        /// The first header of this name.
        public Optional<String> header(String name) {
            return headers.stream()
                    .filter(header -> header.getKey().equalsIgnoreCase(name))
                    .map(Map.Entry::getValue)
                    .findFirst();
        }

        /// Where a redirect leads.
        Optional<String> redirect() {
            return switch (status) {
                case 301, 302, 303, 307, 308 -> header("Location");
                default -> Optional.empty();
            };
        }

        @Override
        public void close() throws IOException {
            connection.close();
        }
    }

    /// A body whose length was told; it ends in an error when it is shorter.
    private static final class Counted extends InputStream {
        private final InputStream in;
        private long left;

        private Counted(InputStream in, long length) {
            this.in = in;
            this.left = length;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (left == 0) {
                return -1;
            }
            int count = in.read(buffer, offset, (int) Math.min(length, left));
            if (count < 0) {
                throw new ProtocolException("an answer that breaks off");
            }
            left -= count;
            return count;
        }
    }

    /// A body in chunks.
    private static final class Chunks extends InputStream {
        private final InputStream in;
        private long left;
        private boolean begun;
        private boolean ended;

        private Chunks(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (left == 0 && !ended) {
                next();
            }
            if (ended) {
                return -1;
            }
            int count = in.read(buffer, offset, (int) Math.min(length, left));
            if (count < 0) {
                throw new ProtocolException("an answer that breaks off");
            }
            left -= count;
            return count;
        }

        private void next() throws IOException {
            if (begun) {
                line(in);
            }
            begun = true;
            String size = line(in).split(";", 2)[0].strip();
            if (!size.matches("[0-9a-fA-F]{1,15}")) {
                throw new ProtocolException("a chunk of a size that is no number");
            }
            left = Long.parseLong(size, 16);
            if (left == 0) {
                headers(in);
                ended = true;
            }
        }
    }
}
