package dev.paddock.router;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2FrameReader;
import io.netty.handler.codec.http2.Http2Settings;

/// Counts the frames of a connection before anything is done about them, and ends it with ENHANCE_YOUR_CALM when its
/// [FloodGuard] is spent. Owned by its event loop.
final class GuardedFrameReader implements Http2FrameReader {
    /// Frames with fewer bytes cost more to handle than to send.
    private static final int SMALL_DATA = 64;

    private final Http2FrameReader reader;
    private final FloodGuard budget;

    GuardedFrameReader(Http2FrameReader reader, FloodGuard budget) {
        this.reader = reader;
        this.budget = budget;
    }

    @Override
    public void readFrame(ChannelHandlerContext context, ByteBuf in, Http2FrameListener listener)
            throws Http2Exception {
        reader.readFrame(context, in, new Counter(listener));
    }

    @Override
    public Configuration configuration() {
        return reader.configuration();
    }

    @Override
    public void close() {
        reader.close();
    }

    private void spend(int cost, String what) throws Http2Exception {
        if (!budget.spend(cost, System.nanoTime())) {
            throw Http2Exception.connectionError(
                    Http2Error.ENHANCE_YOUR_CALM, "too many %s frames", what);
        }
    }

    private final class Counter extends Http2FrameListenerDecorator {
        Counter(Http2FrameListener listener) {
            super(listener);
        }

        @Override
        public int onDataRead(
                ChannelHandlerContext context, int stream, ByteBuf data, int padding, boolean end)
                throws Http2Exception {
            if (!end && data.readableBytes() < SMALL_DATA) {
                spend(data.isReadable() ? FloodGuard.FRAME : FloodGuard.EMPTY_DATA, "small DATA");
            }
            return super.onDataRead(context, stream, data, padding, end);
        }

        @Override
        public void onPriorityRead(
                ChannelHandlerContext context,
                int stream,
                int dependency,
                short weight,
                boolean exclusive)
                throws Http2Exception {
            spend(FloodGuard.FRAME, "PRIORITY");
            super.onPriorityRead(context, stream, dependency, weight, exclusive);
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext context, int stream, long error)
                throws Http2Exception {
            spend(FloodGuard.RESET, "RST_STREAM");
            super.onRstStreamRead(context, stream, error);
        }

        @Override
        public void onSettingsRead(ChannelHandlerContext context, Http2Settings settings)
                throws Http2Exception {
            spend(FloodGuard.SETTINGS, "SETTINGS");
            super.onSettingsRead(context, settings);
        }

        @Override
        public void onSettingsAckRead(ChannelHandlerContext context) throws Http2Exception {
            spend(FloodGuard.FRAME, "SETTINGS");
            super.onSettingsAckRead(context);
        }

        @Override
        public void onPingRead(ChannelHandlerContext context, long data) throws Http2Exception {
            spend(FloodGuard.FRAME, "PING");
            super.onPingRead(context, data);
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext context, long data) throws Http2Exception {
            spend(FloodGuard.FRAME, "PING");
            super.onPingAckRead(context, data);
        }

        @Override
        public void onGoAwayRead(
                ChannelHandlerContext context, int lastStream, long error, ByteBuf debug)
                throws Http2Exception {
            spend(FloodGuard.FRAME, "GOAWAY");
            super.onGoAwayRead(context, lastStream, error, debug);
        }

        @Override
        public void onWindowUpdateRead(ChannelHandlerContext context, int stream, int increment)
                throws Http2Exception {
            spend(FloodGuard.FRAME, "WINDOW_UPDATE");
            super.onWindowUpdateRead(context, stream, increment);
        }

        @Override
        public void onUnknownFrame(
                ChannelHandlerContext context,
                byte type,
                int stream,
                Http2Flags flags,
                ByteBuf payload)
                throws Http2Exception {
            spend(FloodGuard.FRAME, "unknown");
            super.onUnknownFrame(context, type, stream, flags, payload);
        }
    }
}
