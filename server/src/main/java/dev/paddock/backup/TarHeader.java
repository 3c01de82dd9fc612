package dev.paddock.backup;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;
import java.util.Optional;

/// One block of a ustar archive that begins a regular file.
///
/// @param name ASCII, with slashes
record TarHeader(String name, long size) {
    static final int BLOCK = 512;

    private static final int NAME_BYTES = 100;
    private static final int PREFIX_AT = 345;
    private static final int PREFIX_BYTES = 155;
    private static final int SIZE_AT = 124;
    private static final int SIZE_BYTES = 12;
    private static final int SUM_AT = 148;
    private static final int SUM_BYTES = 8;
    private static final int TYPE_AT = 156;
    private static final int MAGIC_AT = 257;
    private static final String MAGIC = "ustar\00000";
    private static final long MAX_SIZE = 0x1_ffff_ffffL;

    TarHeader {
        if (size < 0 || size > MAX_SIZE) {
            throw new IllegalArgumentException(name + " has " + size + " bytes, too many");
        }
    }

    /// How many zeros follow the content.
    int padding() {
        return (int) (-size & (BLOCK - 1));
    }

    byte[] block(long modifiedSeconds) {
        byte[] block = new byte[BLOCK];
        int slash = name.length() > NAME_BYTES ? name.lastIndexOf('/', PREFIX_BYTES) : -1;
        put(block, 0, NAME_BYTES, name.substring(slash + 1));
        put(block, PREFIX_AT, PREFIX_BYTES, slash < 0 ? "" : name.substring(0, slash));
        octal(block, 100, 8, 0600);
        octal(block, 108, 8, 0);
        octal(block, 116, 8, 0);
        octal(block, SIZE_AT, SIZE_BYTES, size);
        octal(block, 136, 12, modifiedSeconds);
        block[TYPE_AT] = '0';
        put(block, MAGIC_AT, MAGIC.length(), MAGIC);
        octal(block, SUM_AT, SUM_BYTES - 1, sum(block));
        block[SUM_AT + SUM_BYTES - 1] = ' ';
        return block;
    }

    /// Empty for anything that [#block] cannot have written: links, devices, directories, other dialects.
    static Optional<TarHeader> parse(byte[] block) {
        String magic = new String(block, MAGIC_AT, MAGIC.length(), US_ASCII);
        if (!magic.equals(MAGIC)
                || block[TYPE_AT] != '0'
                || number(block, SUM_AT, SUM_BYTES) != sum(block)) {
            return Optional.empty();
        }
        long size = number(block, SIZE_AT, SIZE_BYTES);
        if (size < 0 || size > MAX_SIZE) {
            return Optional.empty();
        }
        String prefix = text(block, PREFIX_AT, PREFIX_BYTES);
        String last = text(block, 0, NAME_BYTES);
        return Optional.of(new TarHeader(prefix.isEmpty() ? last : prefix + "/" + last, size));
    }

    private static void put(byte[] block, int offset, int length, String text) {
        byte[] bytes = text.getBytes(US_ASCII);
        if (bytes.length > length) {
            throw new IllegalArgumentException(text + " is too long a name");
        }
        System.arraycopy(bytes, 0, block, offset, bytes.length);
    }

    private static void octal(byte[] block, int offset, int length, long value) {
        long rest = value;
        for (int i = offset + length - 2; i >= offset; i--) {
            block[i] = (byte) ('0' + (rest & 7));
            rest >>>= 3;
        }
    }

    /// -1 when there is none.
    private static long number(byte[] block, int offset, int length) {
        String digits = text(block, offset, length).strip();
        return digits.matches("[0-7]{1,11}") ? Long.parseLong(digits, 8) : -1;
    }

    private static String text(byte[] block, int offset, int length) {
        int end = offset;
        while (end < offset + length && block[end] != 0) {
            end++;
        }
        return new String(block, offset, end - offset, US_ASCII);
    }

    /// Of all bytes, with spaces where the sum itself is.
    private static int sum(byte[] block) {
        byte[] counted = block.clone();
        Arrays.fill(counted, SUM_AT, SUM_AT + SUM_BYTES, (byte) ' ');
        int sum = 0;
        for (byte b : counted) {
            sum += b & 0xff;
        }
        return sum;
    }
}
