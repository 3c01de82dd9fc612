package dev.paddock.backup;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.paddock.core.UserError;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/// Reads what an [ArchiveWriter] wrote, entry by entry. What was read counts only when [#next()] has come to the end: a
/// file that is torn, changed or of another kind ends with UserError. For one thread.
public final class ArchiveReader implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 * 1024;
    private static final int MAX_TEXT_BYTES = 4 * 1024 * 1024;

    private final Path file;
    private final String kind;
    private final InputStream raw;
    private final DigestInputStream tar;
    private final MessageDigest digest = ArchiveWriter.sha256();
    private TarHeader entry = new TarHeader("", 0);
    private long left;
    private long entries;

    private ArchiveReader(Path file, String kind, InputStream raw) throws IOException {
        this.file = file;
        this.kind = kind;
        this.raw = raw;
        this.tar =
                new DigestInputStream(
                        new BufferedInputStream(
                                new GZIPInputStream(raw, BUFFER_BYTES), BUFFER_BYTES),
                        digest);
    }

    /// Opens an archive at its first entry. Throws UserError when it is of another kind.
    ///
    /// @param kind what the archive must be, as `backup`
    public static ArchiveReader open(Path file, String kind) throws IOException {
        InputStream raw = Files.newInputStream(file);
        try {
            ArchiveReader reader = new ArchiveReader(file, kind, raw);
            reader.begin();
            return reader;
        } catch (ZipException | EOFException e) {
            raw.close();
            throw foreign(file, kind);
        } catch (IOException | RuntimeException e) {
            raw.close();
            throw e;
        }
    }

    private void begin() throws IOException {
        Optional<TarHeader> first = TarHeader.parse(block());
        if (first.isEmpty() || !first.get().name().equals(kind)) {
            throw foreign(file, kind);
        }
        begin(first.get());
        String text = text();
        if (!text.equals("paddock %s 1\n".formatted(kind))) {
            throw new UserError(
                    "conflict",
                    "%s has a form that this version of Paddock does not know: %s"
                            .formatted(file, text.strip()));
        }
    }

    private static UserError foreign(Path file, String kind) {
        return new UserError("conflict", "%s is no %s of Paddock.".formatted(file, kind));
    }

    private void begin(TarHeader header) {
        entry = header;
        left = header.size();
        entries++;
    }

    /// The name of the next entry; empty when the archive has ended and is whole.
    public Optional<String> next() throws IOException {
        try {
            skip(left + entry.padding());
            byte[] before = ((MessageDigest) digest.clone()).digest();
            TarHeader header = TarHeader.parse(block()).orElseThrow(this::torn);
            if (header.name().equals(ArchiveWriter.END)) {
                requireWhole(header, before);
                return Optional.empty();
            }
            begin(header);
            return Optional.of(header.name());
        } catch (ZipException | EOFException e) {
            throw torn();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("The JDK's SHA-256 can be copied", e);
        }
    }

    private void requireWhole(TarHeader header, byte[] sum) throws IOException {
        long counted = entries;
        begin(header);
        String expected =
                "entries=%d\nsha256=%s\n".formatted(counted, HexFormat.of().formatHex(sum));
        if (!text().equals(expected)) {
            throw torn();
        }
        skip(entry.padding());
        if (tar.readAllBytes().length != 2 * TarHeader.BLOCK) {
            throw torn();
        }
    }

    private UserError torn() {
        return new UserError(
                "conflict",
                "%s is torn or was changed: it is not as `paddock backup` wrote it."
                        .formatted(file));
    }

    /// The rest of this entry, as text. Only small entries are text.
    public String text() throws IOException {
        if (left > MAX_TEXT_BYTES) {
            throw torn();
        }
        byte[] bytes = content().readAllBytes();
        return new String(bytes, UTF_8);
    }

    /// The rest of this entry; good until the next one.
    public InputStream content() {
        return new Content();
    }

    private byte[] block() throws IOException {
        byte[] block = tar.readNBytes(TarHeader.BLOCK);
        if (block.length < TarHeader.BLOCK) {
            throw new EOFException();
        }
        return block;
    }

    /// Reads it, for what is skipped would not count for the checksum.
    private void skip(long bytes) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        long rest = bytes;
        while (rest > 0) {
            int count = tar.read(buffer, 0, (int) Math.min(rest, buffer.length));
            if (count < 0) {
                throw new EOFException();
            }
            rest -= count;
        }
        left = 0;
    }

    @Override
    public void close() throws IOException {
        raw.close();
    }

    private final class Content extends InputStream {
        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (left == 0 || length == 0) {
                return length == 0 ? 0 : -1;
            }
            try {
                int count = tar.read(buffer, offset, (int) Math.min(length, left));
                if (count < 0) {
                    throw torn();
                }
                left -= count;
                return count;
            } catch (ZipException | EOFException e) {
                throw torn();
            }
        }
    }
}
