package dev.paddock.build;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.paddock.core.UserError;
import dev.paddock.outbound.OutboundTargets;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/// Finds the `app.json` of a tree that an app is set up from. All else in the tree is passed over unread. Safe for any
/// thread.
public final class Manifests {
    private static final String NAME = "app.json";
    private static final String WHAT = "the source";
    private static final int MAX_BYTES = 256 * 1024;
    private static final int BLOCK = 512;
    private static final int GZIP_FIRST = 0x1f;

    private final Fetcher fetcher;
    private final Sources sources;
    private final long limit;

    public Manifests(OutboundTargets targets, Sources sources) {
        this.fetcher = new Fetcher(targets);
        this.sources = sources;
        this.limit = BuildLimits.DEFAULT.sourceBytes();
    }

    /// The tree on this machine, so that what is built is what the manifest was read from. Throws UserError when it
    /// cannot be fetched.
    public Builder.Tree.Upload fetch(Builder.Tree.Remote tree) {
        UUID id = sources.create();
        try (InputStream archive = fetcher.open(tree.url(), WHAT, limit)) {
            sources.store(id, archive);
        } catch (BuildFailed e) {
            throw UserError.invalid(e.reason());
        } catch (IOException e) {
            throw UserError.invalid(WHAT + " cannot be fetched: " + e.getMessage());
        }
        Path file = sources.find(id).orElseThrow(() -> UserError.notFound("source"));
        return new Builder.Tree.Upload(file, tree.checksum());
    }

    /// The manifest at the top of the tree, or in the one directory that archives of repositories have there. Throws
    /// UserError for an archive that would not be built either.
    public Optional<byte[]> read(Path archive) {
        try (InputStream file = new BufferedInputStream(Files.newInputStream(archive))) {
            file.mark(1);
            boolean zipped = file.read() == GZIP_FIRST;
            file.reset();
            return find(new CheckedTar(zipped ? new GZIPInputStream(file) : file, WHAT, limit));
        } catch (BuildFailed e) {
            throw UserError.invalid(e.reason());
        } catch (ZipException | EOFException e) {
            throw UserError.invalid(WHAT + " is no gzip archive, or a broken one");
        } catch (IOException e) {
            throw new UncheckedIOException("Reading " + archive, e);
        }
    }

    private static Optional<byte[]> find(InputStream tar) throws IOException {
        Optional<byte[]> below = Optional.empty();
        while (true) {
            byte[] header = tar.readNBytes(BLOCK);
            if (header.length < BLOCK || header[0] == 0) {
                return below;
            }
            long bytes = Long.parseLong("0" + octal(header), 8);
            long padded = (bytes + BLOCK - 1) / BLOCK * BLOCK;
            String[] parts = name(header).replaceFirst("^(\\./)+", "").split("/", -1);
            boolean wanted =
                    parts[parts.length - 1].equals(NAME)
                            && (header[156] == '0' || header[156] == 0)
                            && parts.length <= 2
                            && bytes <= MAX_BYTES;
            if (!wanted) {
                tar.skipNBytes(padded);
                continue;
            }
            byte[] found = tar.readNBytes((int) bytes);
            tar.skipNBytes(padded - bytes);
            if (parts.length == 1) {
                return Optional.of(found);
            }
            below = below.isEmpty() ? Optional.of(found) : below;
        }
    }

    /// Sizes that do not fit into octal digits are those of files far too large to be a manifest.
    private static String octal(byte[] header) throws IOException {
        String digits = new String(header, 124, 12, ISO_8859_1).replace("\0", "").strip();
        if (!digits.matches("[0-7]*")) {
            throw new EOFException();
        }
        return digits;
    }

    private static String name(byte[] header) {
        String name = new String(header, 0, 100, ISO_8859_1);
        int end = name.indexOf('\0');
        return end < 0 ? name : name.substring(0, end);
    }
}
