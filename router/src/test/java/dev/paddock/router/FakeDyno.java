package dev.paddock.router;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A web dyno on loopback that does with each connection what its script says, byte by byte.
final class FakeDyno implements AutoCloseable {
    /// What is done with one connection; it is closed afterwards.
    interface Script {
        void run(Connection connection) throws IOException, InterruptedException;
    }

    private final ServerSocket server;
    private final List<Socket> open = new CopyOnWriteArrayList<>();
    private final List<String> heads = new CopyOnWriteArrayList<>();
    private volatile Script script;

    FakeDyno(Script script) {
        this(script, "127.0.0.1");
    }

    FakeDyno(Script script, String host) {
        this.script = script;
        try {
            server = new ServerSocket(0, 200, InetAddress.ofLiteral(host));
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        Thread.ofVirtual().start(this::accept);
    }

    /// Answers each request with a length and this body, and keeps the connection.
    static Script answering(String body) {
        return connection -> {
            while (!connection.readHead().isEmpty()) {
                connection.send(
                        "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
            }
        };
    }

    String address() {
        return (server.getInetAddress() instanceof Inet6Address ? "[::1]:" : "127.0.0.1:")
                + server.getLocalPort();
    }

    void script(Script next) {
        script = next;
    }

    /// Heads of the requests that arrived, in order.
    List<String> heads() {
        return heads;
    }

    /// How many are open now.
    int connections() {
        return (int) open.stream().filter(socket -> !socket.isClosed()).count();
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : open) {
            socket.close();
        }
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                socket.setTcpNoDelay(true);
                open.add(socket);
                Thread.ofVirtual().start(() -> run(socket));
            } catch (IOException _) {
                return;
            }
        }
    }

    private void run(Socket socket) {
        try (socket) {
            script.run(new Connection(socket));
        } catch (IOException _) {
            // The router ended it, which some scripts wait for.
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// The dyno's end of a connection.
    final class Connection {
        private final Socket socket;
        private final InputStream in;

        Connection(Socket socket) throws IOException {
            this.socket = socket;
            in = socket.getInputStream();
        }

        /// The next head with its empty line; empty at the end of the stream.
        String readHead() throws IOException {
            ByteArrayOutputStream head = new ByteArrayOutputStream();
            String text = "";
            while (!text.endsWith("\r\n\r\n")) {
                int b = in.read();
                if (b < 0) {
                    return "";
                }
                head.write(b);
                text = head.toString(StandardCharsets.ISO_8859_1);
            }
            heads.add(text);
            return text;
        }

        String read(int bytes) throws IOException {
            return new String(in.readNBytes(bytes), StandardCharsets.ISO_8859_1);
        }

        /// A body in chunks, up to its end.
        String readChunks() throws IOException {
            StringBuilder body = new StringBuilder();
            while (true) {
                StringBuilder size = new StringBuilder();
                while (size.indexOf("\r\n") < 0) {
                    size.append(read(1));
                }
                int length = Integer.parseInt(size.substring(0, size.length() - 2), 16);
                body.append(read(length));
                read(2);
                if (length == 0) {
                    return body.toString();
                }
            }
        }

        /// Reads until the router ends its side.
        String readToEnd() throws IOException {
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        }

        void send(String bytes) throws IOException {
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
        }

        void endOutput() throws IOException {
            socket.shutdownOutput();
        }

        /// Ends with a reset.
        void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }
}
