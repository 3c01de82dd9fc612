package dev.paddock.drains;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.drains.DrainTarget.Protocol;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DrainTargetTest {
    @ParameterizedTest
    @CsvSource({
        "http://logs.test, HTTP, 80, /, logs.test",
        "https://logs.test/in?key=a%20b, HTTPS, 443, /in?key=a%20b, logs.test",
        "https://logs.test:8443/in, HTTPS, 8443, /in, logs.test:8443",
        "HTTP://logs.test:80/, HTTP, 80, /, logs.test",
        "syslog://logs.test, SYSLOG, 514, /, logs.test",
        "syslog+tls://logs.test:9000, SYSLOG_TLS, 9000, /, logs.test:9000"
    })
    void urlIsTakenApart(String url, Protocol protocol, int port, String path, String authority) {
        DrainTarget target = DrainTarget.of(URI.create(url));

        assertThat(target.protocol()).isEqualTo(protocol);
        assertThat(target.host()).isEqualTo("logs.test");
        assertThat(target.port()).isEqualTo(port);
        assertThat(target.path()).isEqualTo(path);
        assertThat(target.authority()).isEqualTo(authority);
        assertThat(target.verified()).isTrue();
        assertThat(target.authorization()).isEmpty();
    }

    @Test
    void certificatesOfSyslogAloneCanBeTakenUnchecked() {
        assertThat(DrainTarget.of(URI.create("syslog+tls://logs.test?insecure")).verified())
                .isFalse();
        assertThat(DrainTarget.of(URI.create("https://logs.test/?insecure")).verified()).isTrue();
    }

    @Test
    void userAndPasswordBecomeAHeaderAndAreShownNowhere() {
        DrainTarget target = DrainTarget.of(URI.create("https://us%40er:p+w%3A@logs.test/in?k=v"));

        // us@er:p+w:
        assertThat(target.authorization()).contains("Basic dXNAZXI6cCt3Og==");
        assertThat(target.toString()).isEqualTo("https://logs.test:443/");
    }
}
