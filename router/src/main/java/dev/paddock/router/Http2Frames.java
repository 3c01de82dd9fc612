package dev.paddock.router;

import dev.paddock.router.http.Http2FieldList;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/// Gives the frames of a connection to the streams that they are about. Owned by its event loop.
final class Http2Frames implements Http2FrameListener, Http2Connection.Listener {
    private final Http2ClientConnection client;
    private final Http2Connection connection;
    private final Http2Connection.PropertyKey key;

    Http2Frames(Http2ClientConnection client, Http2Connection connection) {
        this.client = client;
        this.connection = connection;
        key = connection.newKey();
    }

    private @Nullable Http2Request find(int id) {
        Http2Stream stream = connection.stream(id);
        return stream == null ? null : stream.getProperty(key);
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext context, int id, Http2Headers headers, int padding, boolean end)
            throws Http2Exception {
        Http2FieldList fields = (Http2FieldList) headers;
        Http2Request known = find(id);
        if (known != null) {
            known.trailers(fields, end);
            return;
        }
        Http2Stream stream = connection.stream(id);
        if (stream != null) {
            Http2Request opened = new Http2Request(client, stream);
            stream.setProperty(key, opened);
            client.opened(opened);
            opened.start(fields, end);
        }
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext context,
            int id,
            Http2Headers headers,
            int dependency,
            short weight,
            boolean exclusive,
            int padding,
            boolean end)
            throws Http2Exception {
        onHeadersRead(context, id, headers, padding, end);
    }

    @Override
    public int onDataRead(
            ChannelHandlerContext context, int id, ByteBuf data, int padding, boolean end)
            throws Http2Exception {
        Http2Request stream = find(id);
        return padding + (stream == null ? data.readableBytes() : stream.body(data, end));
    }

    @Override
    public void onStreamClosed(Http2Stream stream) {
        Http2Request closed = stream.getProperty(key);
        if (closed != null) {
            closed.closed();
        }
    }

    @Override
    public void onPingAckRead(ChannelHandlerContext context, long data) {
        client.pingAnswered(data);
    }

    // ---- of no interest: the codec did what is to be done

    @Override
    public void onPriorityRead(
            ChannelHandlerContext context, int id, int dependency, short weight, boolean alone) {}

    @Override
    public void onRstStreamRead(ChannelHandlerContext context, int id, long error) {}

    @Override
    public void onSettingsAckRead(ChannelHandlerContext context) {}

    @Override
    public void onSettingsRead(ChannelHandlerContext context, Http2Settings settings) {}

    @Override
    public void onPingRead(ChannelHandlerContext context, long data) {}

    @Override
    public void onPushPromiseRead(
            ChannelHandlerContext context, int id, int promised, Http2Headers headers, int pad) {}

    @Override
    public void onGoAwayRead(ChannelHandlerContext context, int last, long error, ByteBuf debug) {}

    @Override
    public void onWindowUpdateRead(ChannelHandlerContext context, int id, int increment) {}

    @Override
    public void onUnknownFrame(
            ChannelHandlerContext context, byte type, int id, Http2Flags flags, ByteBuf bytes) {}

    @Override
    public void onStreamAdded(Http2Stream stream) {}

    @Override
    public void onStreamActive(Http2Stream stream) {}

    @Override
    public void onStreamHalfClosed(Http2Stream stream) {}

    @Override
    public void onStreamRemoved(Http2Stream stream) {}

    @Override
    public void onGoAwaySent(int last, long error, ByteBuf debug) {}

    @Override
    public void onGoAwayReceived(int last, long error, ByteBuf debug) {}
}
