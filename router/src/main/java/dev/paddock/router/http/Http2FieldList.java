package dev.paddock.router.http;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.List;

/// The fields of one received HTTP/2 header block, in the order in which they came and not judged yet.
///
/// It is filled by Netty's HPACK decoder, which bounds it, and is no map: nothing is looked up by name before
/// [Http2Head] has judged the whole.
public final class Http2FieldList extends DefaultHttp2Headers {
    private final List<AsciiString> names = new ArrayList<>(16);
    private final List<AsciiString> values = new ArrayList<>(16);
    private int length;

    public Http2FieldList() {
        super(false, 2);
    }

    @Override
    public Http2Headers add(CharSequence name, CharSequence value) {
        AsciiString fieldName = AsciiString.of(name);
        AsciiString fieldValue = AsciiString.of(value);
        names.add(fieldName);
        values.add(fieldValue);
        length += fieldName.length() + fieldValue.length();
        return this;
    }

    int count() {
        return names.size();
    }

    AsciiString fieldName(int field) {
        return names.get(field);
    }

    AsciiString fieldValue(int field) {
        return values.get(field);
    }

    /// Bytes of all names and values.
    public int length() {
        return length;
    }
}
