package dev.paddock.router;

import dev.paddock.router.http.BodyReader;
import dev.paddock.router.http.ResponseHead;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// The client's side of one exchange, whatever protocol it speaks. Owned by its event loop.
interface ClientStream {
    /// Whether a body of unknown length comes in chunks; else it comes bare, and [Exchange#bodyEnded] is called.
    boolean framesBodies();

    /// Tells the client to send its body (100).
    void askForBody();

    /// Passes on an interim answer, if the client understands such.
    void interim(ResponseHead head);

    /// Begins the answer.
    ///
    /// @param last whether the connection cannot go on after this answer
    /// @param extraLines whole header lines to add
    void begin(ResponseHead head, boolean last, byte[] extraLines);

    /// More of the body: takes so many bytes out of the buffer.
    void data(ByteBuf in, int length);

    /// The socket past which bodies may be poured, once all that was given before is written; null when they must pass
    /// through here.
    default @Nullable Wire socket() {
        return null;
    }

    /// So many bytes of the answer's body went to [#socket()].
    default void poured(long bytes) {
        throw new IllegalStateException("nothing can be poured past " + this);
    }

    /// Whether nothing that the client sends is on its way to [Exchange#clientBytes] already.
    default boolean canPause() {
        return false;
    }

    /// While paused, what the client sends is left in its socket.
    default void pausedForPour(boolean paused) {
        throw new IllegalStateException("nothing can be poured past " + this);
    }

    /// The answer is complete.
    void end(BodyReader body);

    /// A whole answer of the router's own.
    void page(int status, byte[] page, boolean last);

    /// From now on bytes go through as they are, after what [#begin] wrote.
    void openTunnel();

    /// The other side of a tunnel ended its stream.
    void endOfTunnel();

    void flush();

    /// Whether more may be given without holding too much memory.
    boolean isWritable();

    /// Whether bytes of the body (or the tunnel) are wanted now; they are given to [Exchange#clientBytes].
    void wantBytes(boolean wanted);

    /// Bytes of the client that were read and not taken.
    ByteBuf buffered();

    /// Bytes of the answer sent to the client for this exchange.
    long sentBytes();

    /// The exchange is over.
    ///
    /// @param mayGoOn whether the next request may follow on this connection
    void finished(boolean mayGoOn, long nowNanos);

    /// The exchange is over and the answer is not: the client must see that.
    void cut();
}
