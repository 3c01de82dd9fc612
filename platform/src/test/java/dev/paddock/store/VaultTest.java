package dev.paddock.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VaultTest {
    @TempDir Path directory;
    private Vault vault;

    @BeforeEach
    void makeVault() {
        vault = Vault.create(key());
    }

    @Test
    void sealedSecretOpensWithTheKeyOfTheFile() {
        byte[] sealed = vault.seal("release/1", "größe=\0x");

        assertThat(Vault.read(key()).open("release/1", sealed)).isEqualTo("größe=\0x");
        assertThat(new String(sealed, StandardCharsets.ISO_8859_1)).doesNotContain("e=");
    }

    @Test
    void keyFileIsReadableByItsOwnerAlone() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key())))
                .isEqualTo("rw-------");
    }

    @Test
    void sameSecretIsSealedDifferentlyEachTime() {
        assertThat(vault.seal("a", "x")).isNotEqualTo(vault.seal("a", "x"));
    }

    @Test
    void secretSealedForAnotherPlaceIsRefused() {
        byte[] sealed = vault.seal("release/1", "secret");

        assertThatThrownBy(() -> vault.open("release/2", sealed))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("release/2");
    }

    @Test
    void changedSecretIsRefused() {
        byte[] sealed = vault.seal("a", "secret");
        sealed[sealed.length - 1] ^= 1;

        assertThatThrownBy(() -> vault.open("a", sealed)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> vault.open("a", new byte[0]))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void keyFileThatHoldsNoKeyIsRefused() throws IOException {
        for (String text : new String[] {"", "abc", "00"}) {
            Files.writeString(key(), text);

            assertThatThrownBy(() -> Vault.read(key()))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining(key().toString());
        }
    }

    private Path key() {
        return directory.resolve("keys").resolve("secrets.key");
    }
}
