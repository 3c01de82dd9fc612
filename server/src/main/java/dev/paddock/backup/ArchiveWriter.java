package dev.paddock.backup;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/// Writes an archive that appears under its name only when it is whole and on the disk; until then it is a file of
/// another name beside it, gone when this is closed. Only its owner may read either. For one thread.
public final class ArchiveWriter implements AutoCloseable {
    static final String END = "end";

    private static final int BUFFER_BYTES = 64 * 1024;

    /// Rows come as a stream whose length is not known before.
    private static final int CHUNK_BYTES = 1024 * 1024;

    private final Path file;
    private final Path unfinished;
    private final long time = Instant.now().getEpochSecond();
    private final FileChannel channel;
    private final GZIPOutputStream compressed;
    private final MessageDigest digest = sha256();
    private final OutputStream tar;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private long entries;
    private boolean moved;

    private ArchiveWriter(Path file, Path unfinished, FileChannel channel) throws IOException {
        this.file = file;
        this.unfinished = unfinished;
        this.channel = channel;
        this.compressed =
                new Fast(new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER_BYTES));
        this.tar = new DigestOutputStream(compressed, digest);
    }

    /// Begins an archive.
    ///
    /// @param kind what the archive is, as `backup`; its reader asks for the same
    public static ArchiveWriter create(Path file, String kind) throws IOException {
        Path target = file.toAbsolutePath();
        Path unfinished =
                Files.createTempFile(
                        target.resolveSibling(""),
                        "." + target.getFileName() + ".",
                        ".unfinished",
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")));
        FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.WRITE);
        ArchiveWriter writer = new ArchiveWriter(target, unfinished, channel);
        try {
            writer.add(kind, "paddock %s 1\n".formatted(kind));
            return writer;
        } catch (IOException e) {
            writer.close();
            throw e;
        }
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    public void add(String name, String text) throws IOException {
        byte[] bytes = text.getBytes(UTF_8);
        add(name, new ByteArrayInputStream(bytes), bytes.length);
    }

    /// Adds a file as long as it is now; what is appended meanwhile is left out. Throws NoSuchFileException when it is
    /// gone, and follows no link.
    public void add(String name, Path source) throws IOException {
        try (FileChannel in =
                FileChannel.open(
                        source, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
            add(name, Channels.newInputStream(in), in.size());
        }
    }

    private void add(String name, InputStream in, long size) throws IOException {
        TarHeader header = new TarHeader(name, size);
        tar.write(header.block(time));
        long left = size;
        while (left > 0) {
            int count = in.read(buffer, 0, (int) Math.min(left, buffer.length));
            if (count < 0) {
                throw new EOFException(name + " became shorter while it was read");
            }
            tar.write(buffer, 0, count);
            left -= count;
        }
        tar.write(new byte[header.padding()]);
        entries++;
    }

    /// What is written there becomes entries `name/000000`, `name/000001` and so on, one at least.
    public OutputStream addChunks(String name) {
        return new Chunks(name);
    }

    /// Ends the archive and gives it its name, in place of an earlier file.
    ///
    /// @return its bytes
    public long finish() throws IOException {
        String sum = HexFormat.of().formatHex(digest.digest());
        add(END, "entries=%d\nsha256=%s\n".formatted(entries, sum));
        tar.write(new byte[2 * TarHeader.BLOCK]);
        compressed.finish();
        compressed.flush();
        channel.force(true);
        long bytes = channel.size();
        Files.move(
                unfinished,
                file,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        moved = true;
        try (FileChannel directory = FileChannel.open(file.resolveSibling(""))) {
            directory.force(true);
        }
        return bytes;
    }

    @Override
    public void close() throws IOException {
        channel.close();
        if (!moved) {
            Files.deleteIfExists(unfinished);
        }
    }

    /// Most of what comes is compressed already.
    private static final class Fast extends GZIPOutputStream {
        Fast(OutputStream out) throws IOException {
            super(out, BUFFER_BYTES);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }

    private final class Chunks extends OutputStream {
        private final String name;
        private final byte[] chunk = new byte[CHUNK_BYTES];
        private int filled;
        private int number;

        Chunks(String name) {
            this.name = name;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            int at = offset;
            int left = length;
            while (left > 0) {
                int count = Math.min(left, chunk.length - filled);
                System.arraycopy(bytes, at, chunk, filled, count);
                filled += count;
                at += count;
                left -= count;
                if (filled == chunk.length) {
                    put();
                }
            }
        }

        private void put() throws IOException {
            byte[] content = Arrays.copyOf(chunk, filled);
            add(
                    "%s/%06d".formatted(name, number++),
                    new ByteArrayInputStream(content),
                    content.length);
            filled = 0;
        }

        @Override
        public void close() throws IOException {
            if (filled > 0 || number == 0) {
                put();
            }
        }
    }
}
