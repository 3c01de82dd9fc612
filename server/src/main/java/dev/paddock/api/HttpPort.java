package dev.paddock.api;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.DetectorConnectionFactory;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import tools.jackson.databind.JsonNode;

/// The Jetty below the API: one port that speaks plain HTTP and TLS, told apart by a connection's first byte, and what
/// holds for each request whoever answers it: a `Request-Id`, and a Host header that is ours.
final class HttpPort {
    static final String REQUEST_ID = "Request-Id";

    /// Above the heartbeat of log streams; a client that neither sends nor takes anything for this long is dropped.
    private static final Duration IDLE_LIMIT = Duration.ofSeconds(60);

    /// Connections at once; git, the CLI and log tails of one platform stay far below.
    private static final int MAX_CONNECTIONS = 2000;

    /// For selectors and accepting; requests run on virtual threads.
    private static final int MAX_PLATFORM_THREADS = 16;

    private static final int MIN_PLATFORM_THREADS = 4;
    private static final int BACKLOG = 128;
    private static final Pattern SANE_REQUEST_ID = Pattern.compile("[A-Za-z0-9_,.-]{8,200}");

    private HttpPort() {}

    static QueuedThreadPool threads() {
        QueuedThreadPool threads = new QueuedThreadPool(MAX_PLATFORM_THREADS, MIN_PLATFORM_THREADS);
        threads.setName("api");
        threads.setReservedThreads(0);
        threads.setVirtualThreadsExecutor(
                Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("api-", 0).factory()));
        return threads;
    }

    /// Log drains are named by their URLs, whose slashes come encoded.
    private static final UriCompliance ENCODED_SLASHES =
            UriCompliance.DEFAULT.with(
                    "ENCODED_SLASHES",
                    UriCompliance.Violation.AMBIGUOUS_PATH_SEPARATOR,
                    UriCompliance.Violation.AMBIGUOUS_PATH_ENCODING);

    /// Binds the address; throws UncheckedIOException when it is in use.
    static ServerSocketChannel bind(InetSocketAddress address) {
        try {
            ServerSocketChannel channel = ServerSocketChannel.open();
            try {
                channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                return channel.bind(address, BACKLOG);
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Cannot listen for the API on " + address + ": " + e.getMessage(), e);
        }
    }

    static ServerConnector connector(
            Server server, HttpConfiguration http, SSLContext tls, ServerSocketChannel channel) {
        http.setSendServerVersion(false);
        http.setSendDateHeader(true);
        http.setUriCompliance(ENCODED_SLASHES);
        HttpConfiguration https = new HttpConfiguration(http);
        // Host names are checked by HostGuard, for plain HTTP too; SNI says nothing more.
        https.addCustomizer(new SecureRequestCustomizer(false));
        SslContextFactory.Server contexts = new SslContextFactory.Server();
        contexts.setSslContext(tls);
        HttpConnectionFactory secure = new HttpConnectionFactory(https);
        SslConnectionFactory ssl =
                new SslConnectionFactory(contexts, HttpVersion.HTTP_1_1.asString());
        ServerConnector connector =
                new ServerConnector(
                        server,
                        1,
                        1,
                        new DetectorConnectionFactory(ssl),
                        new HttpConnectionFactory(http),
                        secure);
        connector.setIdleTimeout(IDLE_LIMIT.toMillis());
        try {
            connector.open(channel);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot use the API's socket", e);
        }
        server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, connector));
        server.setErrorHandler(new JsonErrors());
        return connector;
    }

    /// Refuses requests for hosts that are not ours: a page in the user's browser could otherwise reach the API under
    /// its own name by pointing that name at 127.0.0.1.
    static final class HostGuard extends Handler.Wrapper {
        private static final Set<String> LOCAL = Set.of("localhost", "127.0.0.1", "[::1]", "::1");

        private final ApiSettings settings;

        HostGuard(ApiSettings settings) {
            this.settings = settings;
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback)
                throws Exception {
            String sent = request.getHeaders().get(REQUEST_ID);
            response.getHeaders()
                    .put(
                            REQUEST_ID,
                            sent != null && SANE_REQUEST_ID.matcher(sent).matches()
                                    ? sent
                                    : UUID.randomUUID().toString());
            String host = Request.getServerName(request).toLowerCase(Locale.ROOT);
            if (LOCAL.contains(host) || settings.otherHosts().contains(host)) {
                return super.handle(request, response, callback);
            }
            UserError error =
                    new UserError(
                            "forbidden",
                            "This API does not answer to the host name in your request; use localhost or 127.0.0.1.");
            sendJson(
                    response, callback, ApiErrors.status(error.id()), Representations.error(error));
            return true;
        }
    }

    /// What Jetty itself has to say, such as to bytes that are no HTTP, in the form of all other errors.
    private static final class JsonErrors extends ErrorHandler {
        /// Jetty has something to say to browsers only.
        @Override
        public boolean errorPageForMethod(String method) {
            return true;
        }

        @Override
        protected void generateResponse(
                Request request,
                Response response,
                int code,
                String message,
                Throwable cause,
                Callback callback) {
            sendJson(
                    response,
                    callback,
                    code,
                    Representations.error(
                            new UserError(id(code), "The request was refused: " + message + ".")));
        }

        private static String id(int code) {
            return switch (code) {
                case 404 -> "not_found";
                case 405 -> "method_not_allowed";
                case 413 -> "request_entity_too_large";
                default -> code >= 500 ? ApiErrors.INTERNAL : "bad_request";
            };
        }
    }

    private static void sendJson(Response response, Callback callback, int status, JsonNode body) {
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, ApiServer.JSON);
        // Nobody has read the request's body, and nobody will.
        response.getHeaders().put(HttpHeader.CONNECTION, "close");
        Content.Sink.write(response, true, body.toString(), callback);
    }
}
