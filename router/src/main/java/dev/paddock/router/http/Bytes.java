package dev.paddock.router.http;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/// Bytes put together piece by piece in an array that is used again and again: many small writes to a [ByteBuf] cost more
/// than one large one. For one thread.
public final class Bytes {
    private static final int USUAL = 2048;

    /// What a large head made is let go.
    private static final int MOST_KEPT = 64 * 1024;

    private byte[] array = new byte[USUAL];
    private int length;

    /// Begins anew.
    public Bytes clear() {
        if (array.length > MOST_KEPT) {
            array = new byte[USUAL];
        }
        length = 0;
        return this;
    }

    /// What the first [#length] bytes of are these bytes, until the next call.
    public byte[] array() {
        return array;
    }

    public int length() {
        return length;
    }

    public void add(byte[] bytes) {
        add(bytes, 0, bytes.length);
    }

    public void add(byte[] bytes, int start, int end) {
        int more = end - start;
        room(more);
        System.arraycopy(bytes, start, array, length, more);
        length += more;
    }

    public void add(char ascii) {
        room(1);
        array[length++] = (byte) ascii;
    }

    /// Adds the digits of a number that is not negative.
    public void addDecimal(long number) {
        int digits = 1;
        for (long rest = number; rest >= 10; rest /= 10) {
            digits++;
        }
        room(digits);
        length += digits;
        long rest = number;
        for (int at = length - 1; at >= length - digits; at--) {
            array[at] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
    }

    public void writeTo(ByteBuf out) {
        out.writeBytes(array, 0, length);
    }

    private void room(int more) {
        if (length + more > array.length) {
            array = Arrays.copyOf(array, Math.max(2 * array.length, length + more));
        }
    }
}
