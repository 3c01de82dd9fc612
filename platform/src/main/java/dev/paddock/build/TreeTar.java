package dev.paddock.build;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.paddock.core.UserError;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectLoader;
import org.eclipse.jgit.lib.ObjectReader;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.treewalk.TreeWalk;

/// The tree of a commit as a GNU tar, made piece by piece while it is read. For one thread.
///
/// Names are copied as bytes and never become paths here. Files carry the time of the commit, as `git archive` does.
public final class TreeTar extends InputStream {
    private static final int BLOCK = 512;
    private static final int END_BLOCKS = 2;
    private static final int NAME_BYTES = 100;
    private static final long MAX_TIME = 0x1_ffff_ffffL;

    /// As long as Linux takes a path; a deeper tree cannot be unpacked anyway.
    private static final int MAX_PATH_BYTES = 4095;

    /// Entries of a checkout, directories included: small packs can describe trees without end.
    public static final int MAX_ENTRIES = 500_000;

    private final ObjectReader reader;
    private final TreeWalk walk;
    private final long time;
    private final Queue<InputStream> parts = new ArrayDeque<>();
    private boolean ended;

    public TreeTar(Repository repository, RevCommit commit) throws IOException {
        this.reader = repository.newObjectReader();
        this.walk = new TreeWalk(reader);
        this.walk.addTree(commit.getTree());
        this.time = Math.clamp(commit.getCommitTime(), 0, MAX_TIME);
    }

    /// Refuses what cannot be built: submodules, too many files, too many bytes.
    public static void check(Repository repository, RevCommit commit, long maxBytes)
            throws IOException {
        try (ObjectReader reader = repository.newObjectReader();
                TreeWalk walk = new TreeWalk(reader)) {
            walk.addTree(commit.getTree());
            int entries = 0;
            long bytes = 0;
            while (walk.next()) {
                if (++entries > MAX_ENTRIES) {
                    throw UserError.invalid(
                            "The commit has more than "
                                    + MAX_ENTRIES
                                    + " files and directories. Remove some from the repository.");
                }
                if (walk.getPathLength() > MAX_PATH_BYTES) {
                    throw UserError.invalid(
                            "The commit has a path of more than " + MAX_PATH_BYTES + " bytes.");
                }
                FileMode mode = walk.getFileMode(0);
                if (mode.equals(FileMode.GITLINK)) {
                    throw UserError.invalid(
                            walk.getPathString()
                                    + " is a git submodule, and submodules are not fetched."
                                    + " Commit its files instead.");
                }
                if (mode.equals(FileMode.TREE)) {
                    walk.enterSubtree();
                } else {
                    bytes += reader.getObjectSize(walk.getObjectId(0), ObjectReader.OBJ_ANY);
                }
                if (bytes > maxBytes) {
                    throw UserError.invalid(
                            "The files of the commit are more than "
                                    + maxBytes / (1024 * 1024)
                                    + " MB. Remove large files from the repository.");
                }
            }
        }
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
            InputStream part = parts.peek();
            if (part == null) {
                if (ended) {
                    return -1;
                }
                queueNextEntry();
                continue;
            }
            int count = part.read(buffer, offset, length);
            if (count > 0) {
                return count;
            }
            parts.remove().close();
        }
    }

    private void queueNextEntry() throws IOException {
        while (walk.next()) {
            if (walk.getFileMode(0).equals(FileMode.TREE)) {
                walk.enterSubtree();
            } else {
                queueEntry();
                return;
            }
        }
        ended = true;
        queue(new byte[END_BLOCKS * BLOCK]);
    }

    private void queueEntry() throws IOException {
        byte[] path = walk.getRawPath();
        FileMode mode = walk.getFileMode(0);
        if (mode.equals(FileMode.GITLINK)) {
            throw new IOException(walk.getPathString() + " is a submodule");
        }
        ObjectLoader blob = reader.open(walk.getObjectId(0));
        if (mode.equals(FileMode.SYMLINK)) {
            queue(header(path, blob.getCachedBytes(MAX_PATH_BYTES), 0777, 0, '2'));
            return;
        }
        int permissions = mode.equals(FileMode.EXECUTABLE_FILE) ? 0755 : 0644;
        queue(header(path, new byte[0], permissions, blob.getSize(), '0'));
        parts.add(blob.openStream());
        queue(new byte[(int) (-blob.getSize() & (BLOCK - 1))]);
    }

    private void queue(byte[] bytes) {
        parts.add(new ByteArrayInputStream(bytes));
    }

    private byte[] header(byte[] path, byte[] link, int mode, long size, char type) {
        return concat(
                link.length > NAME_BYTES ? longName('K', link) : new byte[0],
                path.length > NAME_BYTES ? longName('L', path) : new byte[0],
                block(path, link, mode, size, type));
    }

    private byte[] longName(char type, byte[] name) {
        int bytes = name.length + 1;
        byte[] padded = Arrays.copyOf(name, (bytes + BLOCK - 1) / BLOCK * BLOCK);
        return concat(
                block("././@LongLink".getBytes(US_ASCII), new byte[0], 0, bytes, type), padded);
    }

    private byte[] block(byte[] path, byte[] link, int mode, long size, char type) {
        byte[] block = new byte[BLOCK];
        System.arraycopy(path, 0, block, 0, Math.min(path.length, NAME_BYTES));
        octal(block, 100, 8, mode);
        octal(block, 108, 8, 0);
        octal(block, 116, 8, 0);
        octal(block, 124, 12, size);
        octal(block, 136, 12, time);
        Arrays.fill(block, 148, 156, (byte) ' ');
        block[156] = (byte) type;
        System.arraycopy(link, 0, block, 157, Math.min(link.length, NAME_BYTES));
        System.arraycopy("ustar  \0".getBytes(US_ASCII), 0, block, 257, 8);
        int sum = 0;
        for (byte b : block) {
            sum += b & 0xff;
        }
        octal(block, 148, 7, sum);
        return block;
    }

    private static void octal(byte[] block, int offset, int length, long value) {
        long rest = value;
        for (int i = offset + length - 2; i >= offset; i--) {
            block[i] = (byte) ('0' + (rest & 7));
            rest >>>= 3;
        }
    }

    private static byte[] concat(byte[]... parts) {
        int bytes = Arrays.stream(parts).mapToInt(part -> part.length).sum();
        byte[] all = new byte[bytes];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    @Override
    public void close() throws IOException {
        for (InputStream part : parts) {
            part.close();
        }
        walk.close();
        reader.close();
    }
}
