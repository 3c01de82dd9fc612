package dev.paddock.router;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// A connection as those at its end use it, whatever carries it: a [RingWire], or a Netty channel ([ChannelWire]). Owned
/// by its event loop.
interface Wire {
    /// Takes the buffer over. It goes out with the next [#flush], or never when the connection is broken.
    void write(ByteBuf bytes);

    void flush();

    /// Whether more may be written without holding too much memory.
    boolean isWritable();

    /// Bytes that were written and are not in the socket yet.
    long pendingBytes();

    /// Whether bytes are to be read.
    void wantBytes(boolean wanted);

    /// Until [#close], whatever the other side did.
    boolean isOpen();

    /// Calls back in a later turn of the loop, when all that was written and flushed before is in the socket, or the
    /// connection is broken.
    void whenWritten(Written then);

    /// Ends the sending side when everything is written; the other side may go on sending.
    void endAfterWrites();

    /// Closes when everything is written.
    ///
    /// @param reset whether an orderly end could be taken for the end of the body
    void closeAfterWrites(boolean reset);

    /// Drops what is not written. [Reader#gone] follows in a later turn.
    void close();

    /// Whose connection it is; null when it is gone already.
    @Nullable ClientAddress client();

    /// The kernel's number of the socket, for as long as the wire is open.
    int descriptor();

    /// Lets TCP ask within seconds whether the other side is still there.
    ///
    /// @throws io.netty.channel.ChannelException when it is known to be gone
    void probe();

    /// Whether TCP found that nobody is there.
    boolean isDead();

    /// Hears what became of writes.
    interface Written {
        void done(boolean written);
    }

    /// Whom a wire tells what happens to it.
    interface Reader {
        /// Takes the buffer over.
        void arrived(ByteBuf bytes);

        /// No more for now.
        void arrivedAll();

        /// [Wire#isWritable] changed.
        void writable(boolean now);

        /// The other side sends nothing more.
        void inputEnded();

        /// A read or a write found it broken, or a fault of ours.
        void failed(Throwable cause);

        /// It is closed. The last call.
        void gone();
    }
}
