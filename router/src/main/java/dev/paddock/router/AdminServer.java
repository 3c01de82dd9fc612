package dev.paddock.router;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/// The operator's address: `/metrics` as Prometheus text.
final class AdminServer implements AutoCloseable {
    private static final int UNKNOWN_LENGTH = 0;

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
                    try (exchange) {
                        exchange.getResponseHeaders()
                                .add("Content-Type", PrometheusText.CONTENT_TYPE);
                        exchange.sendResponseHeaders(200, UNKNOWN_LENGTH);
                        Writer text =
                                new OutputStreamWriter(
                                        exchange.getResponseBody(), StandardCharsets.UTF_8);
                        PrometheusText.write(stats, text);
                        text.close();
                    }
                });
        server.start();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
