package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.router.RouterOptions.HostPort;
import dev.paddock.router.RouterOptions.UsageException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouterOptionsTest {
    private static RouterOptions parse(String line) throws UsageException {
        return RouterOptions.parse(line.isEmpty() ? new String[0] : line.split(" ", -1));
    }

    @Test
    void valuesFollowTheirOptionOrAnEqualsSign() throws UsageException {
        RouterOptions options =
                parse(
                        "--http 127.0.0.1:8080 --https=[::]:8443 --admin 127.0.0.1:9000"
                                + " --routes=a=b.json --log - --handover h.sock --loops 3"
                                + " --proxy-protocol");

        assertThat(options.http()).isEqualTo(new HostPort("127.0.0.1", 8080));
        assertThat(options.https()).contains(new HostPort("::", 8443));
        assertThat(options.admin()).contains(new HostPort("127.0.0.1", 9000));
        assertThat(options.routes()).contains(Path.of("a=b.json"));
        assertThat(options.log()).contains("-");
        assertThat(options.handover()).contains(Path.of("h.sock"));
        assertThat(options.loops()).isEqualTo(3);
        assertThat(options.proxyProtocol()).isTrue();
    }

    @Test
    void platformIsNamedByItsSocketAndAFolder() throws UsageException {
        RouterOptions options = parse("--http 127.0.0.1:0 --control c.sock --state s");

        assertThat(options.routes()).isEmpty();
        assertThat(options.control()).contains(Path.of("c.sock"));
        assertThat(options.state()).contains(Path.of("s"));
        assertThat(options.https()).isEmpty();
        assertThat(options.loops()).isEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(options.proxyProtocol()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "'', --http HOST:PORT is missing",
        "--routes r, --http HOST:PORT is missing",
        "--http h:1, either --routes FILE or --control SOCKET",
        "--http h:1 --routes r --control c --state s, either --routes FILE or --control SOCKET",
        "--http h:1 --control c, --control needs --state DIR",
        "--htp h:1, '''--htp'' is no option'",
        "--htp=h:1, '''--htp=h:1'' is no option'",
        "--http h:1 web, '''web'' is no option'",
        "--proxy-protocol=yes, '''--proxy-protocol=yes'' is no option'",
        "--http h:1 --routes, --routes needs a value",
        "--http h:1 --routes=, --routes needs a value",
        "--http h:1 --routes --log -, '--routes needs a value, not --log'",
        "--http h:1 --http h:2 --routes r, --http is given twice",
        "--http h:1 --routes r --proxy-protocol --proxy-protocol, --proxy-protocol is given twice",
        "--http h --routes r, --http 'h' is no HOST:PORT",
        "--http :80 --routes r, --http ':80' is no HOST:PORT",
        "--http h:65536 --routes r, --http 'h:65536' is no HOST:PORT",
        "--http h:1 --https h:x --routes r, --https 'h:x' is no HOST:PORT",
        "--http h:1 --routes r --loops 0, --loops '0' is not a number from 1 to ",
        "--http h:1 --routes r --loops many, --loops 'many' is not a number from 1 to ",
    })
    void lineThatCannotBeFollowedIsExplained(String line, String why) {
        assertThatThrownBy(() -> parse(line))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining(why);
    }

    @Test
    void httpsIsSeenBeforeTheRestIsRead() {
        assertThat(RouterOptions.wantTls("--http", "h:1", "--https", "h:2")).isTrue();
        assertThat(RouterOptions.wantTls("--https=h:2")).isTrue();
        assertThat(RouterOptions.wantTls("--http", "h:1")).isFalse();
    }
}
