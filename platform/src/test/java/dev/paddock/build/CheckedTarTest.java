package dev.paddock.build;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckedTarTest {
    private static final int BLOCK = 512;
    private static final long LIMIT = 1024 * 1024;

    @TempDir private Path directory;

    @Test
    void anOrdinaryTarPassesUnchanged() throws Exception {
        SourceTree tree =
                new SourceTree(directory.resolve("tree"))
                        .with("a/b/c.txt", "hello")
                        .with("long/" + "n".repeat(150) + "/" + "m".repeat(120), "long");
        byte[] tar = tree.tar().readAllBytes();

        byte[] passed = check(tar);

        assertThat(tar).startsWith(passed);
        assertThat(Arrays.copyOfRange(tar, passed.length, tar.length)).containsOnly(0);
    }

    @ParameterizedTest
    @CsvSource({"a, b", "a/b, c/d", "a/b/c, ../../d", "a/b, ../../d, ", "./x, ./y"})
    void linksInsideTheTreePassAndOthersDoNot(String name, String target) {
        boolean leaves = name.equals("a/b") && target.equals("../../d");

        if (leaves) {
            assertThatThrownBy(() -> check(entry(name, '2', target, "")))
                    .isInstanceOf(BuildFailed.class);
        } else {
            assertThat(check(entry(name, '2', target, ""))).isNotEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/etc/passwd, 0, ''",
        "../x, 0, ''",
        "a/../../x, 0, ''",
        "a/.., 5, ''",
        "link, 2, /etc/passwd",
        "link, 2, ../x",
        "link, 2, a/../../x",
        "link, 2, ''",
        "hard, 1, /etc/passwd",
        "hard, 1, ../x",
        "device, 3, ''",
        "device, 4, ''",
        "pipe, 6, ''",
        "sparse, S, ''"
    })
    void whatLeadsOutOrIsNoFileIsRefused(String name, char type, String target) {
        assertThatThrownBy(() -> check(entry(name, type, target, "")))
                .isInstanceOf(BuildFailed.class)
                .hasMessageStartingWith("the source is refused: its archive contains");
    }

    @Test
    void aPathThroughALinkIsRefused() {
        byte[] tar = concat(entry("d/link", '2', "..", ""), entry("d/link/x", '0', "", "content"));

        assertThatThrownBy(() -> check(tar)).hasMessageContaining("leads through a link");
    }

    @Test
    void namesOfLongNameEntriesAndExtendedHeadersAreLookedAt() {
        byte[] longName =
                concat(entry("././@LongLink", 'L', "", "../x\0"), entry("a", '0', "", ""));
        byte[] extended = concat(entry("pax", 'x', "", "13 path=../x\n"), entry("a", '0', "", ""));
        byte[] link = concat(entry("pax", 'x', "", "17 linkpath=../x\n"), entry("a", '2', "b", ""));
        byte[] global = concat(entry("pax", 'g', "", "13 path=../x\n"), entry("a", '0', "", ""));

        for (byte[] tar : new byte[][] {longName, extended, link, global}) {
            assertThatThrownBy(() -> check(tar)).hasMessageContaining("is refused");
        }
        assertThat(
                        check(
                                concat(
                                        entry("pax", 'g', "", "15 comment=abc\n"),
                                        entry("a", '0', "", "x"))))
                .isNotEmpty();
    }

    @Test
    void aBombIsRefusedBeforeItIsWritten() {
        byte[] huge = entry("huge", '0', "", "");
        octal(huge, 124, 12, 8L * 1024 * 1024 * 1024 - 1);
        sum(huge);

        assertThatThrownBy(() -> check(huge)).hasMessageContaining("more than 1 MB");
    }

    @Test
    void noiseIsRefusedAndNeverBreaksTheReader() {
        Random random = new Random(20260101);
        byte[] good = concat(entry("pax", 'x', "", "13 path=a/bc\n"), entry("a", '0', "", "text"));
        for (int round = 0; round < 3000; round++) {
            byte[] bad = good.clone();
            for (int i = 0; i <= round % 8; i++) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
            }
            if (round % 3 == 0) {
                sum(bad);
            }
            try {
                check(Arrays.copyOf(bad, random.nextInt(bad.length + 1)));
            } catch (BuildFailed expected) {
                assertThat(expected.reason()).startsWith("the source");
            }
        }
    }

    private static byte[] check(byte[] tar) {
        try (InputStream in =
                new CheckedTar(new ByteArrayInputStream(ended(tar)), "the source", LIMIT)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] ended(byte[] tar) {
        return Arrays.copyOf(tar, tar.length + 2 * BLOCK);
    }

    private static byte[] entry(String name, char type, String target, String content) {
        byte[] body = content.getBytes(ISO_8859_1);
        byte[] entry = new byte[BLOCK + (body.length + BLOCK - 1) / BLOCK * BLOCK];
        System.arraycopy(name.getBytes(ISO_8859_1), 0, entry, 0, name.length());
        octal(entry, 100, 8, 0644);
        octal(entry, 124, 12, body.length);
        octal(entry, 136, 12, 0);
        entry[156] = (byte) type;
        System.arraycopy(target.getBytes(ISO_8859_1), 0, entry, 157, target.length());
        System.arraycopy("ustar\00000".getBytes(ISO_8859_1), 0, entry, 257, 8);
        System.arraycopy(body, 0, entry, BLOCK, body.length);
        sum(entry);
        return entry;
    }

    private static void sum(byte[] entry) {
        int sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : entry[i] & 0xff;
        }
        octal(entry, 148, 8, sum);
    }

    private static void octal(byte[] block, int offset, int length, long value) {
        String digits = ("%0" + (length - 1) + "o").formatted(value);
        System.arraycopy((digits + "\0").getBytes(ISO_8859_1), 0, block, offset, length);
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
