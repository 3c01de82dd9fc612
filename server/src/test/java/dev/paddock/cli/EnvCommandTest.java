package dev.paddock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.server.OperatorFile;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvCommandTest {
    private static final OperatorFile OPERATOR =
            new OperatorFile("op@localhost", "secret", 5000, Path.of("/data/ca.pem"));

    @Test
    void pointsHerokuAndGitAtThisPlatform() {
        assertThat(EnvCommand.exports(OPERATOR, Map.of()))
                .containsEntry("HEROKU_HOST", "http://localhost:5000")
                .containsEntry("HEROKU_API_KEY", "secret")
                .containsEntry("HEROKU_PARTICLEBOARD_URL", "http://localhost:5000")
                .containsEntry("HEROKU_DATA_HOST", "localhost")
                .containsEntry("NODE_EXTRA_CA_CERTS", "/data/ca.pem")
                .containsEntry("DISABLE_TELEMETRY", "true")
                .containsEntry("HEROKU_SKIP_NEW_VERSION_CHECK", "1")
                .containsEntry("GIT_CONFIG_COUNT", "1")
                .containsEntry("GIT_CONFIG_KEY_0", "http.https://localhost:5000/.sslCAInfo")
                .containsEntry("GIT_CONFIG_VALUE_0", "/data/ca.pem")
                .doesNotContainKeys("GIT_SSL_CAINFO", "HTTP_PROXY");
    }

    @Test
    void gitSettingsOfTheShellAreKept() {
        Map<String, String> exports =
                EnvCommand.exports(
                        OPERATOR,
                        Map.of(
                                "GIT_CONFIG_COUNT", "1",
                                "GIT_CONFIG_KEY_0", "user.name",
                                "GIT_CONFIG_VALUE_0", "me"));

        assertThat(exports)
                .containsEntry("GIT_CONFIG_COUNT", "2")
                .containsKey("GIT_CONFIG_KEY_1")
                .doesNotContainKey("GIT_CONFIG_KEY_0");
    }

    @Test
    void callingItAgainReplacesItsOwnSetting() {
        Map<String, String> exports =
                EnvCommand.exports(
                        OPERATOR,
                        Map.of(
                                "GIT_CONFIG_COUNT", "1",
                                "GIT_CONFIG_KEY_0", "http.https://localhost:5000/.sslCAInfo",
                                "GIT_CONFIG_VALUE_0", "/old"));

        assertThat(exports)
                .containsEntry("GIT_CONFIG_COUNT", "1")
                .containsEntry("GIT_CONFIG_VALUE_0", "/data/ca.pem");
    }

    @Test
    void certificatesForAllHostsBecomeASettingSoThatOursIsHeard() {
        Map<String, String> exports =
                EnvCommand.exports(OPERATOR, Map.of("GIT_SSL_CAINFO", "/etc/all.pem"));

        assertThat(exports)
                .containsEntry("GIT_CONFIG_COUNT", "2")
                .containsEntry("GIT_CONFIG_KEY_0", "http.sslCAInfo")
                .containsEntry("GIT_CONFIG_VALUE_0", "/etc/all.pem")
                .containsEntry("GIT_CONFIG_KEY_1", "http.https://localhost:5000/.sslCAInfo");
    }

    @Test
    void valuesAreQuotedForTheShell() {
        assertThat(EnvCommand.quote("it's $HOME")).isEqualTo("'it'\\''s $HOME'");
    }
}
