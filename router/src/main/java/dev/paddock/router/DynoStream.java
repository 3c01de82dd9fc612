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

    /// Lets the dyno's next bytes go to the client's socket without coming through here; false when that cannot be. The
    /// dyno's bytes are not read until the pour has ended.
    boolean pourTo(ClientStream client, long bytes, Pour.Receiver receiver);

    /// Lets the client's next bytes go to the dyno's socket; false when that cannot be. Nothing may be sent until the
    /// pour has ended.
    boolean pourFrom(ClientStream client, long bytes, Pour.Receiver receiver);

    /// Whether the client does not take what a pour has for it.
    boolean isPourStalled();

    /// Whether an earlier request used this connection.
    boolean isReused();

    /// No more bytes will be sent to the dyno.
    void endOfTunnel();

    /// The connection can serve another request.
    void keep(long nowNanos);

    void close();
}
