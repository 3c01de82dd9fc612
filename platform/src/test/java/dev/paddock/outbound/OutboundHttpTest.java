package dev.paddock.outbound;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OutboundHttpTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final OutboundTargets loopback =
            new OutboundTargets(List.of(AddressBlock.parse("127.0.0.1/32")));
    private final OutboundHttp http = new OutboundHttp(loopback, PATIENCE);
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();
    private ServerSocket server;

    @BeforeEach
    void serve() throws IOException {
        server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::answerAll);
    }

    private void answerAll() {
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                requests.add(head(socket.getInputStream()));
                socket.getOutputStream().write(answers.take().getBytes(ISO_8859_1));
            } catch (IOException _) {
                // The test is over, or the client went away as it should.
            } catch (InterruptedException _) {
                return;
            }
        }
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                break;
            }
            head.append((char) next);
        }
        return head.toString();
    }

    @AfterEach
    void end() throws IOException {
        server.close();
    }

    private URI url(String path) {
        return URI.create("http://127.0.0.1:" + server.getLocalPort() + path);
    }

    private String body(String path) throws IOException {
        try (OutboundHttp.Answer answer = http.get(url(path))) {
            return new String(answer.body().readAllBytes(), UTF_8);
        }
    }

    @Test
    void bodiesOfEachFramingAreRead() throws Exception {
        answers.add("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more");
        answers.add(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n");
        answers.add("HTTP/1.0 200 OK\r\n\r\nhello");
        answers.add("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");

        assertThat(body("/a?b=c")).isEqualTo("hello");
        assertThat(requests.take()).startsWith("GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:");
        assertThat(body("/")).isEqualTo("hello");
        assertThat(body("/")).isEqualTo("hello");
        assertThat(body("/")).isEmpty();
    }

    @Test
    void aBodyThatBreaksOffIsAnError() {
        answers.add("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
        answers.add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");

        assertThatThrownBy(() -> body("/")).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> body("/")).isInstanceOf(IOException.class);
    }

    @Test
    void redirectsAreFollowedAndAnEndlessOneGivenUp() throws Exception {
        answers.add("HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n");
        answers.add("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

        assertThat(body("/here")).isEqualTo("ok");

        for (int i = 0; i < 10; i++) {
            answers.add("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n");
        }
        assertThatThrownBy(() -> body("/"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("redirected");
    }

    @Test
    void aRedirectThatLeadsInsideIsRefused() throws Exception {
        answers.add(
                "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:1/x\r\nContent-Length: 0\r\n\r\n");
        answers.add("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n");

        assertThatThrownBy(() -> body("/")).isInstanceOf(UserError.class);
        assertThatThrownBy(() -> body("/")).isInstanceOf(UserError.class);
    }

    @Test
    void whatIsNotHttpIsAnError() {
        answers.add("220 mail.example.com ESMTP\r\n");

        assertThatThrownBy(() -> body("/")).isInstanceOf(IOException.class);
    }

    @Test
    void bodyAndHeadersOfARequestAreSent() throws Exception {
        answers.add("HTTP/1.1 201 Created\r\nContent-Length: 0\r\nX-Id: 7\r\n\r\n");

        try (OutboundHttp.Answer answer =
                http.send("POST", url("/hook"), Map.of("X-Secret", "s"), "{}".getBytes(UTF_8))) {
            assertThat(answer.status()).isEqualTo(201);
            assertThat(answer.header("x-id")).contains("7");
        }
        assertThat(requests.take())
                .contains("POST /hook HTTP/1.1\r\n", "X-Secret: s\r\n", "Content-Length: 2\r\n");
    }
}
