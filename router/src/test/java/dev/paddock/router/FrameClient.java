package dev.paddock.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/// A client that writes and reads HTTP/2 frames one by one, whatever they are; every read ends after ten seconds.
final class FrameClient implements AutoCloseable {
    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;
    static final int END_STREAM = 1;
    static final int ACK = 1;
    static final int END_HEADERS = 4;
    static final int PROTOCOL_ERROR = 1;
    static final int INTERNAL_ERROR = 2;
    static final int REFUSED_STREAM = 7;
    static final int ENHANCE_YOUR_CALM = 11;

    private static final int LIMIT_MILLIS = 10_000;

    private final Socket plain;
    private final SSLSocket socket;
    private final DataInputStream in;
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final List<Frame> seen = new ArrayList<>();

    /// A frame as it came; of HEADERS the fields are known too.
    record Frame(int type, int flags, int stream, String text, Map<String, String> fields) {
        byte[] payload() {
            return text.getBytes(StandardCharsets.ISO_8859_1);
        }

        int code() {
            return Unpooled.wrappedBuffer(payload()).getInt(type == GOAWAY ? 4 : 0);
        }

        boolean ends() {
            return (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0;
        }
    }

    FrameClient(InetSocketAddress router, int... settings) throws IOException {
        this(router, trusting());
        preface(settings).send();
    }

    /// One that has agreed on HTTP/2 and sent nothing yet.
    FrameClient(InetSocketAddress router, SSLContext tls) throws IOException {
        this(router, tls, parameters -> {});
    }

    /// @param tuning changes what is offered in TLS
    FrameClient(InetSocketAddress router, SSLContext tls, Consumer<SSLParameters> tuning)
            throws IOException {
        plain = new Socket();
        plain.connect(router, LIMIT_MILLIS);
        plain.setTcpNoDelay(true);
        socket =
                (SSLSocket)
                        tls.getSocketFactory()
                                .createSocket(plain, "a.localhost", router.getPort(), true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"h2"});
        tuning.accept(parameters);
        socket.setSSLParameters(parameters);
        socket.setSoTimeout(LIMIT_MILLIS);
        socket.startHandshake();
        in = new DataInputStream(socket.getInputStream());
    }

    /// Adds what a client begins with to what is sent next.
    ///
    /// @param settings numbers and values
    FrameClient preface(int... settings) {
        out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        ByteBuf body = Unpooled.buffer();
        for (int i = 0; i < settings.length; i += 2) {
            body.writeShort(settings[i]).writeInt(settings[i + 1]);
        }
        return frame(SETTINGS, 0, 0, bytes(body));
    }

    /// A TLS context that takes any certificate, of whatever name.
    static SSLContext trusting() throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new TrustAll()}, new SecureRandom());
            return context;
        } catch (GeneralSecurityException impossible) {
            throw new IOException(impossible);
        }
    }

    /// Adds a frame to what is sent next.
    FrameClient frame(int type, int flags, int stream, byte... payload) {
        ByteBuf head = Unpooled.buffer();
        head.writeMedium(payload.length).writeByte(type).writeByte(flags).writeInt(stream);
        out.writeBytes(bytes(head));
        out.writeBytes(payload);
        return this;
    }

    FrameClient number(int type, int flags, int stream, int value) {
        return frame(type, flags, stream, bytes(Unpooled.buffer().writeInt(value)));
    }

    /// The usual pseudo-header fields and these names and values.
    FrameClient request(int stream, boolean end, String method, String path, String... fields) {
        String[] all = new String[fields.length + 8];
        String[] usual = {
            ":method", method, ":scheme", "https", ":path", path, ":authority", "a.localhost"
        };
        System.arraycopy(usual, 0, all, 0, usual.length);
        System.arraycopy(fields, 0, all, usual.length, fields.length);
        return headers(stream, end, all);
    }

    FrameClient get(int stream, String path) throws IOException {
        request(stream, true, "GET", path).send();
        return this;
    }

    FrameClient headers(int stream, boolean end, String... fields) {
        return frame(HEADERS, END_HEADERS | (end ? END_STREAM : 0), stream, block(fields));
    }

    FrameClient data(int stream, boolean end, String text) {
        return frame(
                DATA, end ? END_STREAM : 0, stream, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /// Names and values as literals that nobody remembers.
    static byte[] block(String... fields) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        for (int i = 0; i < fields.length; i += 2) {
            block.write(0);
            text(block, fields[i]);
            text(block, fields[i + 1]);
        }
        return block.toByteArray();
    }

    private static void text(ByteArrayOutputStream block, String text) {
        int rest = text.length();
        if (rest < 127) {
            block.write(rest);
        } else {
            block.write(127);
            rest -= 127;
            while (rest >= 128) {
                block.write(128 | (rest & 127));
                rest >>>= 7;
            }
            block.write(rest);
        }
        block.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    FrameClient send() throws IOException {
        socket.getOutputStream().write(out.toByteArray());
        socket.getOutputStream().flush();
        out.reset();
        return this;
    }

    /// Sends these bytes as they are.
    void send(byte[] bytes, int from, int length) throws IOException {
        socket.getOutputStream().write(bytes, from, length);
    }

    /// Ends with a reset, below TLS.
    void reset() throws IOException {
        plain.setSoLinger(true, 0);
        plain.close();
    }

    void endOutput() throws IOException {
        socket.shutdownOutput();
    }

    Frame read() throws IOException {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        int stream = in.readInt();
        byte[] payload = in.readNBytes(length);
        Map<String, String> fields = new LinkedHashMap<>();
        if (type == HEADERS) {
            try {
                decoder.decodeHeaders(stream, Unpooled.wrappedBuffer(payload))
                        .forEach(field ->
                                fields.merge(
                                        field.getKey().toString(),
                                        field.getValue().toString(),
                                        (a, b) -> a + "|" + b));
            } catch (Http2Exception bad) {
                throw new IOException(bad);
            }
        }
        Frame frame =
                new Frame(
                        type,
                        flags,
                        stream,
                        new String(payload, StandardCharsets.ISO_8859_1),
                        fields);
        seen.add(frame);
        return frame;
    }

    /// The next frame that is like this; those before it stay in [#seen].
    Frame await(Predicate<Frame> wanted) throws IOException {
        while (true) {
            Frame frame = read();
            if (wanted.test(frame)) {
                return frame;
            }
        }
    }

    Frame await(int type, int stream) throws IOException {
        return await(frame -> frame.type() == type && frame.stream() == stream);
    }

    /// Reads up to the end of the stream, and gives its status and body; trailers come as lines behind it.
    String answer(int stream) throws IOException {
        Frame last =
                await(frame ->
                        frame.stream() == stream && (frame.ends() || frame.type() == RST_STREAM));
        StringBuilder text = new StringBuilder();
        for (Frame frame : seen) {
            if (frame.stream() == stream && frame.type() == HEADERS) {
                String status = frame.fields().get(":status");
                text.append(status == null ? " " + frame.fields() : status + " ");
            } else if (frame.stream() == stream && frame.type() == DATA) {
                text.append(frame.text());
            }
        }
        return text + (last.type() == RST_STREAM ? " RST " + last.code() : "");
    }

    List<Frame> seen() {
        return seen;
    }

    /// How the connection ended: the code of the last GOAWAY, -1 when there was none.
    int goAway() {
        try {
            await(frame -> false);
        } catch (IOException _) {
            // The end.
        }
        return seen.stream()
                .filter(frame -> frame.type() == GOAWAY)
                .mapToInt(Frame::code)
                .reduce(-1, (_, last) -> last);
    }

    void readWithin(int millis) throws IOException {
        socket.setSoTimeout(millis);
    }

    private static byte[] bytes(ByteBuf buffer) {
        byte[] bytes = new byte[buffer.readableBytes()];
        buffer.readBytes(bytes);
        return bytes;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private static final class TrustAll extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
