package dev.paddock.router;

import dev.paddock.router.http.HpackBlock;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;

/// Hands header blocks, which are in HPACK already, to Netty's frame writer. Owned by its event loop.
final class HpackWriter implements Http2HeadersEncoder, Http2HeadersEncoder.Configuration {
    /// Dynamic table size update to zero (RFC 7541 section 6.3).
    private static final int NO_TABLE = 0x20;

    private long tableSize = 4096;
    private long listSize = Long.MAX_VALUE;

    /// Due in the first block, and whenever the client changes the size.
    private boolean updateDue = true;

    @Override
    public void encodeHeaders(int stream, Http2Headers headers, ByteBuf out) {
        if (updateDue) {
            updateDue = false;
            out.writeByte(NO_TABLE);
        }
        HpackBlock block = (HpackBlock) headers;
        out.writeBytes(block.bytes(), 0, block.length());
    }

    @Override
    public Configuration configuration() {
        return this;
    }

    @Override
    public void maxHeaderTableSize(long max) {
        tableSize = max;
        updateDue = true;
    }

    @Override
    public long maxHeaderTableSize() {
        return tableSize;
    }

    @Override
    public void maxHeaderListSize(long max) {
        listSize = max;
    }

    @Override
    public long maxHeaderListSize() {
        return listSize;
    }
}
