package dev.paddock.domains;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostnameTest {
    @ParameterizedTest
    @CsvSource({
        "www.example.com, www.example.com",
        "' WWW.Example.COM ', www.example.com",
        "example.com., example.com",
        "*.example.com, *.example.com",
        "bücher.example, xn--bcher-kva.example",
        "www.xn--bcher-kva.example, www.xn--bcher-kva.example",
        "a--b.example.co.uk, a--b.example.co.uk"
    })
    void namesBecomeWhatDnsHas(String text, String name) {
        assertThat(Hostname.parse(text).value()).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "not a domain",
                "localhost",
                "*",
                "*.com",
                "*.*.example.com",
                "www.*.example.com",
                "w*.example.com",
                "10.0.0.1",
                "www.example.123",
                "[::1]",
                "http://www.example.com",
                "www.example.com:443",
                "www.example.com/path",
                "-www.example.com",
                "www-.example.com",
                "www..example.com",
                ".example.com",
                "www.exam\u0000ple.com",
                "www.example.com\r\nHost: x",
                "a.b_c.example",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example"
            })
    void whatIsNoHostNameIsRefused(String text) {
        assertThatThrownBy(() -> Hostname.parse(text))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("not a valid hostname");
    }

    @Test
    void longNameIsRefusedAndShownShort() {
        assertThatThrownBy(() -> Hostname.parse("abcdefgh.".repeat(30) + "example"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("...")
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(300));
    }
}
