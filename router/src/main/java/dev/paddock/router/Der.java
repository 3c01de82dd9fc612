package dev.paddock.router;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.util.Arrays;

/// The few pieces of ASN.1 in distinguished encoding (X.690) that certificates and keys need here.
final class Der {
    static final int SEQUENCE = 0x30;
    static final int INTEGER = 0x02;
    static final int OCTET_STRING = 0x04;
    private static final int LONG_FORM = 0x80;

    private Der() {}

    /// A value of this tag whose content are the parts, one behind the other.
    static byte[] of(int tag, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        int length = content.size();
        if (length >= LONG_FORM) {
            byte[] bytes = BigInteger.valueOf(length).toByteArray();
            int zeros = bytes[0] == 0 ? 1 : 0;
            out.write(LONG_FORM | (bytes.length - zeros));
            out.write(bytes, zeros, bytes.length - zeros);
        } else {
            out.write(length);
        }
        out.writeBytes(content.toByteArray());
        return out.toByteArray();
    }

    /// The first value within this one, whole.
    static byte[] firstIn(byte[] value) {
        int start = content(value, 0);
        int inside = content(value, start);
        return Arrays.copyOfRange(value, start, inside + length(value, start));
    }

    private static int content(byte[] value, int at) {
        int first = value[at + 1] & 0xff;
        return at + 2 + (first < LONG_FORM ? 0 : first - LONG_FORM);
    }

    private static int length(byte[] value, int at) {
        int first = value[at + 1] & 0xff;
        return first < LONG_FORM
                ? first
                : new BigInteger(1, value, at + 2, first - LONG_FORM).intValueExact();
    }
}
