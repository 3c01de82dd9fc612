package dev.paddock.router;

import io.netty.buffer.ByteBuf;

/// The dyno's side of one exchange. Owned by its event loop.
interface DynoStream {
    /// Takes the buffer over.
    void send(ByteBuf bytes);

    void flush();

    boolean isWritable();

    /// Whether the dyno's bytes are wanted now; they are given to [Exchange#dynoBytes].
    void wantBytes(boolean wanted);

    /// Whether an earlier request used this connection.
    boolean isReused();

    /// No more bytes will be sent to the dyno.
    void endOfTunnel();

    /// The connection can serve another request.
    void keep();

    void close();
}
