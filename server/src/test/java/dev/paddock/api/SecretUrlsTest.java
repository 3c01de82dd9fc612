package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SecretUrlsTest {
    private static final Instant START = Instant.parse("2026-01-01T12:00:00Z");

    private Instant now = START;
    private final SecretUrls urls = new SecretUrls("http://localhost:5000", () -> now);

    @Test
    void aUrlIsGoodForItsMethodAndPathUntilItExpires() {
        String url = urls.url("GET", "/x/7", Duration.ofMinutes(5));

        assertThat(urls.ofOurs("GET", url, "/x/{id}")).contains("7");
        assertThat(urls.ofOurs("PUT", url, "/x/{id}")).isEmpty();
        assertThat(urls.ofOurs("GET", url.replace("/7", "/8"), "/x/{id}")).isEmpty();
        assertThat(urls.ofOurs("GET", "http://evil.example" + url.substring(21), "/x/{id}"))
                .isEmpty();

        now = START.plus(Duration.ofMinutes(6));

        assertThat(urls.ofOurs("GET", url, "/x/{id}")).isEmpty();
    }

    @Test
    void neitherItsEndNorItsSignatureCanBeMadeUp() {
        String url = urls.url("GET", "/x", Duration.ofMinutes(5));
        String end = url.replaceAll(".*expires=([0-9]+).*", "$1");
        String signature = url.replaceAll(".*signature=", "");

        assertThat(urls.accept("GET", "/x", Optional.of(end), Optional.of(signature))).isTrue();
        assertThat(signature).hasSize(32);
        assertThat(urls.accept("GET", "/x", Optional.of(end + "0"), Optional.of(signature)))
                .isFalse();
        assertThat(urls.accept("GET", "/x", Optional.of(end), Optional.of("0".repeat(32))))
                .isFalse();
        assertThat(urls.accept("GET", "/x", Optional.of("x"), Optional.of(signature))).isFalse();
        assertThat(urls.accept("GET", "/x", Optional.empty(), Optional.empty())).isFalse();
        var others = new SecretUrls("http://localhost:5000", () -> now);
        assertThat(others.accept("GET", "/x", Optional.of(end), Optional.of(signature))).isFalse();
    }
}
