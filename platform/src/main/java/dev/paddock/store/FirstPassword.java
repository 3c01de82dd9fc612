package dev.paddock.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/// The password with which a copied cluster begins, until it has one of its own.
///
/// The file is there before the cluster and goes after the change, so that a start that was interrupted anywhere is
/// continued by the next one.
///
/// @param file holds the password; gone once it was changed
record FirstPassword(Path file) {
    /// A class 28 error: the role has another password.
    private static final String REFUSED = "28";

    static FirstPassword in(Path root) {
        return new FirstPassword(root.resolve("password.first"));
    }

    void take(Path password) throws IOException {
        Files.copy(
                password,
                file,
                StandardCopyOption.COPY_ATTRIBUTES,
                StandardCopyOption.REPLACE_EXISTING);
    }

    void forget() throws IOException {
        Files.deleteIfExists(file);
    }

    /// Gives the role its own password; nothing happens when it has it. Statements are not logged.
    void change(DatabaseAddress address) {
        if (!Files.exists(file)) {
            return;
        }
        try {
            DatabaseAddress first = address.withPassword(Files.readString(file).strip());
            try (Connection connection = first.connect();
                    Statement statement = connection.createStatement()) {
                // Both are ours: a word and hex digits.
                statement.execute(
                        "alter role %s password '%s'"
                                .formatted(address.user(), address.password()));
            } catch (SQLException e) {
                String state = e.getSQLState();
                if (state == null || !state.startsWith(REFUSED)) {
                    throw new IllegalStateException("Changing the database's first password", e);
                }
            }
            forget();
        } catch (IOException e) {
            throw new UncheckedIOException("Changing the database's first password " + file, e);
        }
    }
}
