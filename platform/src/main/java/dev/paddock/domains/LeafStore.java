package dev.paddock.domains;

import dev.paddock.store.SecretFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The leaves made so far, newest last, in memory and in one file that is appended to: with 10,000 apps a start reads
/// one file instead of signing for seconds. Losing the file costs only those signatures, so it is not synced. Safe
/// for any thread.
///
/// The file's first line is a fingerprint of the keys; a line is `end-in-epoch-seconds names PEM-with-spaces`.
final class LeafStore {
    /// Bounds memory (about 1 KB each) and the file; an older leaf is simply signed again when asked for.
    private static final int MAX_LEAVES = 20_000;

    private static final int MAX_LINES = 2 * MAX_LEAVES;
    private static final Logger log = LoggerFactory.getLogger(LeafStore.class);

    private final Object lock = new Object();
    private final Path file;
    private final String fingerprint;
    private final Map<String, Leaf> leaves;
    private int lines;

    private LeafStore(Path file, String fingerprint, Map<String, Leaf> leaves) {
        this.file = file;
        this.fingerprint = fingerprint;
        this.leaves = leaves;
    }

    static LeafStore open(Path file, String fingerprint, Instant now) throws IOException {
        LeafStore store = new LeafStore(file, fingerprint, read(file, fingerprint, now));
        synchronized (store.lock) {
            store.rewrite();
        }
        return store;
    }

    private static Map<String, Leaf> read(Path file, String fingerprint, Instant now)
            throws IOException {
        Map<String, Leaf> leaves = new LinkedHashMap<>();
        if (!Files.exists(file)) {
            return leaves;
        }
        String[] lines = Files.readString(file, StandardCharsets.ISO_8859_1).split("\n", -1);
        if (!lines[0].equals(fingerprint)) {
            return leaves;
        }
        // What follows the last line end is empty, or a record that a crash cut short.
        for (int i = 1; i < lines.length - 1; i++) {
            String[] parts = lines[i].split(" ", 3);
            Leaf leaf = parts.length == 3 ? Leaf.parse(parts[0], parts[2]) : Leaf.NONE;
            if (leaf.notAfter().isAfter(now)) {
                leaves.remove(parts[1]);
                leaves.put(parts[1], leaf);
            }
        }
        return leaves;
    }

    Optional<Leaf> find(String names) {
        synchronized (lock) {
            return Optional.ofNullable(leaves.get(names));
        }
    }

    Leaf add(String names, Leaf leaf) {
        synchronized (lock) {
            leaves.remove(names);
            leaves.put(names, leaf);
            if (leaves.size() > MAX_LEAVES) {
                Iterator<String> oldest = leaves.keySet().iterator();
                oldest.next();
                oldest.remove();
            }
            store(leaf.record(names));
        }
        return leaf;
    }

    private void store(String record) {
        try {
            if (lines >= MAX_LINES) {
                rewrite();
            } else {
                Files.writeString(
                        file, record, StandardCharsets.ISO_8859_1, StandardOpenOption.APPEND);
                lines++;
            }
        } catch (IOException e) {
            // A full disk must not keep an app from being served; and a torn record must not be
            // continued.
            lines = MAX_LINES;
            log.warn("Could not store a certificate in {}; it is kept in memory only", file, e);
        }
    }

    private void rewrite() throws IOException {
        StringBuilder text = new StringBuilder(fingerprint).append('\n');
        leaves.forEach((names, leaf) -> text.append(leaf.record(names)));
        SecretFile.write(file, text.toString());
        lines = leaves.size();
    }

    /// A certificate and when it ends.
    record Leaf(Instant notAfter, String chain) {
        private static final Leaf NONE = new Leaf(Instant.EPOCH, "");
        private static final String BEGIN = "-----BEGIN CERTIFICATE-----\n";
        private static final String END = "\n-----END CERTIFICATE-----\n";

        private String record(String names) {
            String body = chain.substring(BEGIN.length(), chain.length() - END.length());
            return notAfter.getEpochSecond() + " " + names + " " + body.replace('\n', ' ') + "\n";
        }

        private static Leaf parse(String end, String body) {
            try {
                return new Leaf(
                        Instant.ofEpochSecond(Long.parseLong(end)),
                        BEGIN + body.replace(' ', '\n') + END);
            } catch (NumberFormatException _) {
                return NONE;
            }
        }
    }
}
