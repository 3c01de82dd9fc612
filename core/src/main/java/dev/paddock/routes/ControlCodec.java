package dev.paddock.routes;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.function.UnaryOperator;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;

/// Frames of the control link as bytes: 4-byte length (big endian, at most 64 MiB, counting type and body), 1-byte
/// type, JSON body.
public final class ControlCodec {
    public static final int MAX_FRAME_BYTES = 64 * 1024 * 1024;

    private static final int LENGTH_BYTES = 4;
    private static final byte HELLO = 1;
    private static final byte SNAPSHOT = 2;
    private static final byte CHANGE = 3;
    private static final byte SERVING = 4;
    private static final byte WAKE = 5;
    private static final byte LOAD = 6;
    private static final byte TROUBLE = 7;
    private static final byte HANDOVER = 8;
    private static final byte PING = 9;
    private static final byte PONG = 10;

    private ControlCodec() {}

    /// Writes one frame and flushes.
    ///
    /// @throws IOException also when the frame would be longer than [#MAX_FRAME_BYTES]; nothing is written then
    public static void write(OutputStream out, ControlFrame frame) throws IOException {
        FrameBytes bytes = new FrameBytes();
        bytes.write(new byte[LENGTH_BYTES], 0, LENGTH_BYTES);
        bytes.write(typeOf(frame));
        try (JsonGenerator json =
                JsonReader.FACTORY.createGenerator(ObjectWriteContext.empty(), bytes)) {
            json.writeStartObject();
            ControlFrameJson.writeFields(json, frame);
            json.writeEndObject();
        }
        long length = bytes.size() - LENGTH_BYTES;
        if (length > MAX_FRAME_BYTES) {
            throw new IOException(
                    "a control frame of " + length + " bytes is over the limit of 64 MiB");
        }
        bytes.begin((int) length);
        bytes.writeTo(out);
        out.flush();
    }

    /// Reads the next frame; throws EOFException at the end of the stream and IOException for bytes that are no
    /// frame. Unknown keys are ignored; frames of an unknown type are skipped.
    public static ControlFrame read(InputStream in) throws IOException {
        return read(in, UnaryOperator.identity());
    }

    /// As [#read(InputStream)].
    ///
    /// @param known gives back an equal route that is in memory already, or the same
    public static ControlFrame read(InputStream in, UnaryOperator<AppRoute> known)
            throws IOException {
        while (true) {
            int length = ByteBuffer.wrap(readFully(in, LENGTH_BYTES)).getInt();
            if (length < 1 || length > MAX_FRAME_BYTES) {
                throw new IOException("no control frame: its length would be " + length);
            }
            byte type = readFully(in, 1)[0];
            if (type >= HELLO && type <= PONG) {
                return decode(type, new FrameBody(in, length - 1), known);
            }
            // The other side may be newer.
            in.skipNBytes(length - 1L);
        }
    }

    private static byte[] readFully(InputStream in, int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("the control link ended");
        }
        return bytes;
    }

    private static byte typeOf(ControlFrame frame) {
        return switch (frame) {
            case ControlFrame.Hello _ -> HELLO;
            case ControlFrame.Snapshot _ -> SNAPSHOT;
            case ControlFrame.Change _ -> CHANGE;
            case ControlFrame.Serving _ -> SERVING;
            case ControlFrame.Wake _ -> WAKE;
            case ControlFrame.Load _ -> LOAD;
            case ControlFrame.Trouble _ -> TROUBLE;
            case ControlFrame.Handover _ -> HANDOVER;
            case ControlFrame.Ping _ -> PING;
            case ControlFrame.Pong _ -> PONG;
        };
    }

    private static ControlFrame decode(byte type, InputStream body, UnaryOperator<AppRoute> known)
            throws IOException {
        ControlFrameJson fields = new ControlFrameJson(known);
        try {
            JsonReader.read(body, in -> fields.readFields(in, type == LOAD));
        } catch (IllegalArgumentException unfit) {
            throw new IOException(
                    "a control frame of type " + type + " cannot be read: " + unfit.getMessage(),
                    unfit);
        }
        return switch (type) {
            case HELLO ->
                    new ControlFrame.Hello(
                            fields.protocol, fields.name, fields.version, fields.haveTable);
            case SNAPSHOT ->
                    new ControlFrame.Snapshot(
                            fields.table, new RoutingTable(fields.timeouts, fields.routes));
            case CHANGE ->
                    new ControlFrame.Change(fields.table, fields.from, fields.routes, fields.gone);
            case SERVING -> new ControlFrame.Serving(fields.table, fields.leaving);
            case WAKE -> new ControlFrame.Wake(fields.app);
            case LOAD -> new ControlFrame.Load(fields.loads);
            case TROUBLE -> new ControlFrame.Trouble(fields.app, fields.dyno, fields.kind);
            case HANDOVER -> new ControlFrame.Handover(fields.socketPath);
            case PING -> new ControlFrame.Ping();
            default -> new ControlFrame.Pong();
        };
    }
}
