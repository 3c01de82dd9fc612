package dev.paddock.build;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// An uncompressed tar of a stranger, passed on while its entries are looked at: nothing in it may lead out of the tree
/// it will be unpacked into, be a device, or grow beyond a limit. For one thread.
///
/// Ends with [BuildFailed] at the first entry that is refused.
final class CheckedTar extends InputStream {
    private static final int BLOCK = 512;
    private static final int MAX_META_BYTES = 64 * 1024;
    private static final int MAX_NAME_CHARS = 4095;
    private static final int SHOWN_CHARS = 100;

    private final InputStream in;
    private final String what;
    private final long maxBytes;
    private final Set<String> links = new HashSet<>();
    private InputStream pending = InputStream.nullInputStream();
    private Map<String, String> extended = Map.of();
    private long content;
    private long bytes;
    private int entries;
    private boolean ended;

    /// @param what how messages call the archive, as `the source`
    CheckedTar(InputStream in, String what, long maxBytes) {
        this.in = in;
        this.what = what;
        this.maxBytes = maxBytes;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (true) {
            int count = pending.read(buffer, offset, length);
            if (count > 0) {
                return count;
            }
            if (content > 0) {
                int passed = in.read(buffer, offset, (int) Math.min(length, content));
                if (passed < 0) {
                    throw broken();
                }
                content -= passed;
                return passed;
            }
            if (ended) {
                return -1;
            }
            nextEntry();
        }
    }

    private void nextEntry() throws IOException {
        byte[] header = block();
        if (isZero(header)) {
            ended = true;
            pending = new ByteArrayInputStream(new byte[2 * BLOCK]);
            return;
        }
        if (!hasRightSum(header)) {
            throw broken();
        }
        char type = (char) (header[156] & 0xff);
        long size = number(extended.getOrDefault("size", ""), header);
        count(size);
        long padded = (size + BLOCK - 1) / BLOCK * BLOCK;
        pending = new ByteArrayInputStream(header);
        switch (type) {
            case 'L', 'K', 'x', 'g' -> meta(type, header, size, padded);
            case '0', '\0', '7', '5', '1', '2' -> {
                entry(type, header);
                extended = Map.of();
                content = padded;
            }
            default -> throw refused("something that is no file, directory or link");
        }
    }

    private void count(long size) {
        bytes += size + BLOCK;
        if (size < 0 || bytes > maxBytes) {
            throw new BuildFailed(
                    what + " unpacks to more than " + BuildLimits.megabytes(maxBytes) + " MB");
        }
        if (++entries > TreeTar.MAX_ENTRIES) {
            throw new BuildFailed(what + " has more than " + TreeTar.MAX_ENTRIES + " entries");
        }
    }

    /// A long name or extended header, which belongs to the entry behind it.
    private void meta(char type, byte[] header, long size, long padded) throws IOException {
        if (size > MAX_META_BYTES) {
            throw broken();
        }
        byte[] body = in.readNBytes((int) padded);
        if (body.length < padded) {
            throw broken();
        }
        byte[] whole = Arrays.copyOf(header, BLOCK + body.length);
        System.arraycopy(body, 0, whole, BLOCK, body.length);
        pending = new ByteArrayInputStream(whole);
        String text = new String(body, 0, (int) size, ISO_8859_1);
        Map<String, String> more = new HashMap<>(extended);
        switch (type) {
            case 'L' -> more.put("path", upToNul(text));
            case 'K' -> more.put("linkpath", upToNul(text));
            default -> {
                Map<String, String> records = records(text);
                boolean names = records.keySet().stream().anyMatch(key -> !isHarmless(key));
                if (type == 'g' && names) {
                    throw refused("a global header that names files");
                }
                if (type == 'x') {
                    more.putAll(records);
                }
            }
        }
        extended = more;
    }

    private static boolean isHarmless(String key) {
        return !Set.of("path", "linkpath", "size").contains(key) && !key.startsWith("GNU.sparse");
    }

    /// Lines `LENGTH KEY=VALUE`, where LENGTH counts the whole line.
    private Map<String, String> records(String text) {
        Map<String, String> records = new HashMap<>();
        int at = 0;
        while (at < text.length()) {
            int space = text.indexOf(' ', at);
            String digits = space < 0 ? "" : text.substring(at, space);
            int end = digits.matches("[0-9]{1,6}") ? at + Integer.parseInt(digits) : 0;
            int equals = text.indexOf('=', Math.max(space, 0));
            if (end <= space + 1 || end > text.length() || equals < 0 || equals >= end) {
                throw broken();
            }
            String key = text.substring(space + 1, equals);
            if (key.startsWith("GNU.sparse")) {
                throw refused("a sparse file");
            }
            records.put(key, text.substring(equals + 1, end - 1));
            at = end;
        }
        return records;
    }

    private void entry(char type, byte[] header) {
        String name = extended.getOrDefault("path", ustarName(header));
        requireInside(name);
        if (type == '1' || type == '2') {
            String target = extended.getOrDefault("linkpath", field(header, 157, 100));
            if (type == '1') {
                requireInside(target);
            } else {
                requireLinkInside(name, target);
                links.add(String.join("/", parts(name)));
            }
        }
    }

    private static String ustarName(byte[] header) {
        String name = field(header, 0, 100);
        boolean ustar = field(header, 257, 6).equals("ustar");
        String prefix = ustar ? field(header, 345, 155) : "";
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private void requireInside(String name) {
        if (name.isEmpty() || name.length() > MAX_NAME_CHARS) {
            throw broken();
        }
        if (name.startsWith("/")) {
            throw refused("the absolute path " + shown(name));
        }
        String[] parts = parts(name);
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < parts.length; i++) {
            if (parts[i].equals("..")) {
                throw refused("the path " + shown(name) + ", which leads out of it");
            }
            path.append(i == 0 ? "" : "/").append(parts[i]);
            if (i < parts.length - 1 && links.contains(path.toString())) {
                throw refused("the path " + shown(name) + ", which leads through a link");
            }
        }
    }

    /// Links may climb only at the beginning of their target: what `..` means behind another link cannot be known.
    private void requireLinkInside(String name, String target) {
        int depth = parts(name).length - 1;
        boolean climbing = true;
        if (target.isEmpty() || target.startsWith("/") || target.length() > MAX_NAME_CHARS) {
            throw refused("the link " + shown(name) + " to " + shown(target));
        }
        for (String part : parts(target)) {
            if (part.equals("..")) {
                depth--;
                if (!climbing || depth < 0) {
                    throw refused("the link " + shown(name) + ", which leads out of it");
                }
            } else {
                climbing = false;
            }
        }
    }

    private static String[] parts(String path) {
        return Arrays.stream(path.split("/"))
                .filter(part -> !part.isEmpty() && !part.equals("."))
                .toArray(String[]::new);
    }

    private byte[] block() throws IOException {
        byte[] block = in.readNBytes(BLOCK);
        if (block.length < BLOCK) {
            throw broken();
        }
        return block;
    }

    private static boolean isZero(byte[] block) {
        for (byte b : block) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean hasRightSum(byte[] header) {
        int sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
        }
        String told = field(header, 148, 8).strip();
        return told.matches("[0-7]{1,7}") && Integer.parseInt(told, 8) == sum;
    }

    private long number(String extendedSize, byte[] header) {
        if (!extendedSize.isEmpty()) {
            if (!extendedSize.matches("[0-9]{1,15}")) {
                throw broken();
            }
            return Long.parseLong(extendedSize);
        }
        if ((header[124] & 0x80) != 0) {
            long value = header[124] & 0x7f;
            for (int i = 125; i < 136; i++) {
                if (value > Long.MAX_VALUE >> 9) {
                    throw broken();
                }
                value = (value << 8) | (header[i] & 0xff);
            }
            return value;
        }
        String octal = field(header, 124, 12).strip();
        if (!octal.matches("[0-7]{0,12}")) {
            throw broken();
        }
        return octal.isEmpty() ? 0 : Long.parseLong(octal, 8);
    }

    private static String field(byte[] header, int offset, int length) {
        return upToNul(new String(header, offset, length, ISO_8859_1));
    }

    private static String upToNul(String text) {
        int nul = text.indexOf('\0');
        return nul < 0 ? text : text.substring(0, nul);
    }

    private static String shown(String name) {
        return BuildDirectory.printable(name, SHOWN_CHARS);
    }

    private BuildFailed refused(String found) {
        return new BuildFailed(what + " is refused: its archive contains " + found);
    }

    private BuildFailed broken() {
        return new BuildFailed(what + " is no tar archive, or a broken one");
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
