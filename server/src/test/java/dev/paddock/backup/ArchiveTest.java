package dev.paddock.backup;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveTest {
    private static final String LONG =
            "repositories/11111111-1111-1111-1111-111111111111.git/objects/pack/pack-0123456789012345678901234567890123456789.pack";

    @TempDir Path folder;

    @Test
    void entriesComeBackInTheirOrder() throws Exception {
        Path source = Files.write(folder.resolve("source"), new byte[3_000_000]);
        Path file = folder.resolve("backup");
        try (ArchiveWriter archive = ArchiveWriter.create(file, "backup")) {
            archive.add("empty", "");
            archive.add("text", "caf\u00e9\n");
            archive.add(LONG, source);
            try (OutputStream rows = archive.addChunks("rows")) {
                rows.write(new byte[1024 * 1024 + 5]);
            }
            archive.addChunks("none").close();
            assertThat(archive.finish()).isEqualTo(Files.size(file));
        }

        Map<String, byte[]> read = read(file);

        assertThat(read.keySet())
                .containsExactly(
                        "empty", "text", LONG, "rows/000000", "rows/000001", "none/000000");
        assertThat(read.get("text")).isEqualTo("caf\u00e9\n".getBytes(UTF_8));
        assertThat(read.get(LONG)).hasSize(3_000_000);
        assertThat(read.get("rows/000001")).hasSize(5);
    }

    @Test
    void otherProgramsReadIt() throws Exception {
        Path file = small();

        Process tar =
                new ProcessBuilder("tar", "-tzf", file.toString())
                        .redirectErrorStream(true)
                        .start();

        assertThat(new String(tar.getInputStream().readAllBytes(), UTF_8).lines())
                .containsExactly("backup", "one", LONG, "end");
        assertThat(tar.waitFor()).isZero();
    }

    @Test
    void fileAppearsWhenItIsWholeAndIsItsOwnersAlone() throws Exception {
        Path file = folder.resolve("backup");
        Files.writeString(file, "the one of yesterday");
        try (ArchiveWriter archive = ArchiveWriter.create(file, "backup")) {
            archive.add("one", "1");
            assertThat(file).hasContent("the one of yesterday");
            assertThat(modes()).contains("rw-------");
            archive.finish();
        }

        assertThat(read(file)).containsOnlyKeys("one");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    private List<String> modes() throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(path -> path.toString().endsWith(".unfinished"))
                    .map(ArchiveTest::mode)
                    .toList();
        }
    }

    private static String mode(Path file) {
        try {
            return PosixFilePermissions.toString(
                    Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void unfinishedOneLeavesNothing() throws Exception {
        try (ArchiveWriter archive = ArchiveWriter.create(folder.resolve("backup"), "backup")) {
            assertThatThrownBy(() -> archive.add("gone", folder.resolve("gone")))
                    .isInstanceOf(NoSuchFileException.class);
        }

        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void fileThatIsCutOffAnywhereIsRefused() throws Exception {
        byte[] whole = Files.readAllBytes(small());
        Path cut = folder.resolve("cut");
        for (int length = 0; length < whole.length; length += length < 40 ? 1 : 7) {
            Files.write(cut, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> read(cut))
                    .as("%d bytes", length)
                    .isInstanceOf(UserError.class);
        }
    }

    @Test
    void fileWithOneChangedByteIsRefused() throws Exception {
        byte[] tar = tar(small());
        Path changed = folder.resolve("changed");
        int end = new String(tar, US_ASCII).indexOf("end\0");
        for (int at = 0; at < end; at += 5) {
            byte[] bytes = tar.clone();
            bytes[at] ^= 0x10;
            compress(bytes, changed);
            assertThatThrownBy(() -> read(changed)).as("byte %d", at).isInstanceOf(UserError.class);
        }
    }

    @Test
    void compressionThatWasChangedGivesTheSameOrIsRefused() throws Exception {
        byte[] whole = Files.readAllBytes(small());
        Path changed = folder.resolve("changed");
        for (int at = 0; at < whole.length; at++) {
            byte[] bytes = whole.clone();
            bytes[at] ^= 0x10;
            Files.write(changed, bytes);
            try {
                assertThat(read(changed).get("one")).as("byte %d", at).isEqualTo(new byte[] {'1'});
            } catch (UserError refused) {
                assertThat(refused).as("byte %d", at).hasMessageContaining(changed.toString());
            }
        }
    }

    @Test
    void lastEntryIsMissedThoughTheCompressionIsWhole() throws Exception {
        byte[] tar = tar(small());
        int end = new String(tar, US_ASCII).indexOf("end\0");
        Path file = folder.resolve("without-end");

        for (int length : new int[] {end, end - 512}) {
            byte[] rest = Arrays.copyOf(tar, length + 1024);
            Arrays.fill(rest, length, rest.length, (byte) 0);
            compress(rest, file);
            assertThatThrownBy(() -> read(file))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("torn or was changed");
        }
    }

    @Test
    void linksAndDevicesAreRefused() throws Exception {
        byte[] tar = tar(small());
        int one = new String(tar, US_ASCII).indexOf("one\0");
        Path file = folder.resolve("with-link");
        for (char type : "123456LKxg".toCharArray()) {
            byte[] changed = tar.clone();
            changed[one + 148 + 7] = ' ';
            changed[one + 156] = (byte) type;
            int sum = sum(changed, one);
            System.arraycopy("%06o\0".formatted(sum).getBytes(US_ASCII), 0, changed, one + 148, 7);
            compress(changed, file);
            assertThatThrownBy(() -> read(file)).as("type %s", type).isInstanceOf(UserError.class);
        }
    }

    private static int sum(byte[] tar, int offset) {
        int sum = 0;
        for (int i = 0; i < 512; i++) {
            sum += i >= 148 && i < 156 ? ' ' : tar[offset + i] & 0xff;
        }
        return sum;
    }

    @Test
    void fileOfAnotherKindIsNamed() throws Exception {
        Path text = Files.writeString(folder.resolve("notes"), "dear diary");
        Path keys = folder.resolve("keys");
        try (ArchiveWriter archive = ArchiveWriter.create(keys, "keys")) {
            archive.finish();
        }
        Path stranger = folder.resolve("stranger.tgz");
        compress(new byte[10240], stranger);

        for (Path file : List.of(text, keys, stranger)) {
            assertThatThrownBy(() -> read(file))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining(file + " is no backup of Paddock");
        }
    }

    private Path small() throws IOException {
        Path file = folder.resolve("small");
        try (ArchiveWriter archive = ArchiveWriter.create(file, "backup")) {
            archive.add("one", "1");
            archive.add(LONG, "many words, many words, many words");
            archive.finish();
        }
        return file;
    }

    private static byte[] tar(Path file) throws IOException {
        try (var in = new GZIPInputStream(Files.newInputStream(file))) {
            return in.readAllBytes();
        }
    }

    private static void compress(byte[] tar, Path file) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(bytes)) {
            out.write(tar);
        }
        Files.write(file, bytes.toByteArray());
    }

    private static Map<String, byte[]> read(Path file) throws IOException {
        Map<String, byte[]> read = new LinkedHashMap<>();
        try (ArchiveReader archive = ArchiveReader.open(file, "backup")) {
            for (Optional<String> name = archive.next(); name.isPresent(); name = archive.next()) {
                read.put(name.get(), archive.content().readAllBytes());
            }
        }
        return read;
    }
}
