package dev.paddock.router;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/// The operator's address: `/metrics` as Prometheus text.
final class AdminServer implements AutoCloseable {
    private final HttpServer server;

    /// @throws IOException when the port cannot be had, naming it
    AdminServer(InetSocketAddress address, RouterStats stats) throws IOException {
        try {
            server = HttpServer.create(address, 0);
        } catch (IOException taken) {
            throw new IOException(
                    "cannot listen on "
                            + address.getHostString()
                            + ":"
                            + address.getPort()
                            + ": "
                            + taken.getMessage(),
                    taken);
        }
        server.createContext(
                "/metrics",
                exchange -> {
                    byte[] text = stats.prometheusText().getBytes(StandardCharsets.UTF_8);
                    exchange.getResponseHeaders().add("Content-Type", "text/plain; version=0.0.4");
                    exchange.sendResponseHeaders(200, text.length);
                    exchange.getResponseBody().write(text);
                    exchange.close();
                });
        server.start();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
