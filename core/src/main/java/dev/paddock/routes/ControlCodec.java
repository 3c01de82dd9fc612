package dev.paddock.routes;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/// Frames of the control link as bytes: 4-byte length (big endian, at most 64 MiB, counting type and body), 1-byte
/// type, JSON body.
public final class ControlCodec {
    public static final int MAX_FRAME_BYTES = 64 * 1024 * 1024;

    private ControlCodec() {}

    /// Writes one frame and flushes.
    public static void write(OutputStream out, ControlFrame frame) throws IOException {
        throw new UnsupportedOperationException();
    }

    /// Reads the next frame; throws EOFException at the end of the stream and IOException for bytes that are no
    /// frame. Unknown keys are ignored; frames of an unknown type are skipped.
    public static ControlFrame read(InputStream in) throws IOException {
        throw new UnsupportedOperationException();
    }
}
