package dev.paddock.accounts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SshPublicKeyTest {
    private static final String ED25519 =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBA+ImRflAYYZ5RdQSLefa350CalvzlNaKcNFamHbcn6 me@ed25519";

    /// Keys and fingerprints as `ssh-keygen` and `ssh-keygen -l -E md5` print them.
    @ParameterizedTest
    @CsvSource(
            textBlock =
                    """
                    85:c0:ce:4a:2d:17:c8:ac:46:38:ad:75:16:b1:58:a8, ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDHDqiQ0pStzzTwirYAQM68XmqqxCmyvlpdJOKroCtOlX9rQok9bElc2rQQMhAZXSK0qxwNU+9c8/APwOm2rwu99+RNZVTgmjb4vA5yBxj4hR4yDiWdpsR9Rfyp+zeZYNLW356MD1xrvmu+QWJiWoZ92kRE0BDSL7w3aD1lQxBfJAzM6qs24tZf8HX7SkbvElAcCe20SqwZnyP4y5pUyOyD+Qo1/nbOsrf/L3m7l1ikjNdV2sZbkMWWL13HN1EkNuTjNXyhDnUF/UM4cf5wPCsiGEf2R9QisfLw7DYZlLW/NM56TmlClvbA8KTWLeKu0Na/Fw8U8Q+awQbQxAWJaFDTaAJ2/2TkwbrUYAqVce0f2YHYx8xbmYq/gqrUni6MrgZSZCR+0Z3jY92Zctfbov1K9j/4c9womMjLbg7VR14dBy3Aq4aT25dhUn0VSCLcg1S+TFzzyvd+wRaO4hBhvc86PbPlqufIWtnVjsKTZGnhwkg5gRfVRJIaKYB5/EX4n68= me@rsab3072
                    54:a5:b3:ab:27:0f:2d:95:51:55:cf:ff:5a:e2:8b:8c, ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBA+ImRflAYYZ5RdQSLefa350CalvzlNaKcNFamHbcn6 me@ed25519
                    62:bb:d9:04:a2:ab:6e:7c:87:ed:de:39:71:74:1b:61, ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBAL9IxNYFw4zuJq++Xk6zOBplN9waOeQAjnJpYqjjT7UWaGNqXQ5ANjwKK0/2lxMV+j3z8O2VnQEEl3Z+jHWBL8= me@ecdsab256
                    47:81:3b:ab:34:0b:6c:17:5e:8a:8b:31:0c:b8:4d:94, ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBOa7rS4P/Twug1TywxsNihnsdNsjbWJR0XM7no02M3/9UhrtjwetC5UcZ4e5teRnxPUAwEMizZeQgDZBPDMcjS2+IyGgH8Jpj7VXT3iyCq4kNOqqK+3MkSyozSXZpeRFbw== me@ecdsab384
                    02:8f:e4:f3:a8:22:bc:af:2d:42:99:01:54:24:92:2b, ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBADy/+NZY26RLzgDrJvdOiuCjgyYJ4JT8EvG2nUFc5MqOiochmsxGmkxTG6eSOw3UsIsX+r6GMeEx6amOfVJGcm/GQBQIwga/17DBL9fQliHTZHS54Y0+WMl5LuMW/VMcAHXF1pxkDHefg3bydvUjYUTC4VIg7OIxwLKcWhqghGOHJuK4A== me@ecdsab521
                    """)
    void keyOfEveryUsualTypeIsTaken(String fingerprint, String key) {
        SshPublicKey parsed = SshPublicKey.parse(key + "\n");

        assertThat(parsed.fingerprint()).isEqualTo(fingerprint);
        assertThat(parsed.text()).isEqualTo(key);
        assertThat(parsed.comment()).startsWith("me@");
    }

    @Test
    void commentMayBeMissingOrHaveBlanks() {
        String bare = ED25519.substring(0, ED25519.lastIndexOf(' '));

        assertThat(SshPublicKey.parse(bare).comment()).isEmpty();
        assertThat(SshPublicKey.parse(bare + " my own key").comment()).isEqualTo("my own key");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "hello",
                "ssh-ed25519",
                "ssh-ed25519 AAAA",
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBA+ImRflAYYZ5RdQSLefa350CalvzlNaKcNFamHbcn6AA==",
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBA+ImRflAYYZ5RdQSLefa350CalvzlNaKcN",
                "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIBA+ImRflAYYZ5RdQSLefa350CalvzlNaKcNFamHbcn6",
                "ssh-dss AAAAB3NzaC1kc3MAAAAB",
                "command=\"x\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBA+ImRflAYYZ5RdQSLefa350CalvzlNaKcNFamHbcn6",
                "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n-----END OPENSSH PRIVATE KEY-----",
            })
    void everythingElseIsRefused(String text) {
        assertThatThrownBy(() -> SshPublicKey.parse(text))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("not valid");
    }

    @Test
    void twoKeysAtOnceAreRefused() {
        assertThatThrownBy(() -> SshPublicKey.parse(ED25519 + "\n" + ED25519))
                .isInstanceOf(UserError.class);
    }

    @Test
    void weakRsaKeyIsRefusedWithItsSize() {
        String weak =
                "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDZ5C9kjWj+/+9EPxoaIwin+IipVU0IutQqrqZClkGWXYvb6IE4a7+z0NAkPCQpdqdojdQTITORknyAFYDtK2tRSHUWuahj441sFa/R+vBfiZEU94JVR6z21Gbtk7KqU8jJ877Ea1Q2d9oru3IUOh/CK76vqmpjr3yUAvDiUCJkcw== me@rsab1024";

        assertThatThrownBy(() -> SshPublicKey.parse(weak))
                .hasMessageContaining("this one has 1024");
    }
}
