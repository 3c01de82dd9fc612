package dev.paddock.cli;

import dev.paddock.server.OperatorFile;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `paddock env`: shell exports for the Heroku CLI and git.
@Command(
        name = "env",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description =
                "Prints shell exports for the Heroku CLI and git: eval \"$(./paddock env)\". They contain your key.")
final class EnvCommand implements Callable<Integer> {
    private static final String GIT_COUNT = "GIT_CONFIG_COUNT";

    /// In a shell that has it, git looks at no setting: it becomes a setting itself, for all other hosts.
    private static final String GIT_CA = "GIT_SSL_CAINFO";

    @Mixin DataOption data = new DataOption();

    @Override
    public Integer call() {
        exports(OperatorFile.read(data.path()), System.getenv())
                .forEach(
                        (name, value) -> System.out.println("export " + name + "=" + quote(value)));
        if (System.getenv(GIT_CA) != null) {
            System.out.println("unset " + GIT_CA);
        }
        return Main.DONE;
    }

    /// GIT_SSL_CAINFO would be shorter, but breaks every other https host in that shell.
    static Map<String, String> exports(OperatorFile operator, Map<String, String> shell) {
        String url = "http://localhost:" + operator.apiPort();
        String ca = operator.ca().toString();
        Map<String, String> exports = new LinkedHashMap<>();
        exports.put("HEROKU_HOST", url);
        exports.put("HEROKU_API_KEY", operator.key());
        exports.put("HEROKU_PARTICLEBOARD_URL", url);
        exports.put("HEROKU_LOGIN_HOST", url);
        exports.put("HEROKU_DATA_HOST", "localhost");
        exports.put("NODE_EXTRA_CA_CERTS", ca);
        exports.put("DISABLE_TELEMETRY", "true");
        exports.put("HEROKU_SKIP_NEW_VERSION_CHECK", "1");

        Map<String, String> git = new LinkedHashMap<>();
        String forAllHosts = shell.get(GIT_CA);
        if (forAllHosts != null) {
            git.put("http.sslCAInfo", forAllHosts);
        }
        git.put("http.https://localhost:" + operator.apiPort() + "/.sslCAInfo", ca);
        exports.putAll(gitSettings(git, shell));
        return exports;
    }

    /// The shell may carry git settings of its own: ours come behind them, or replace ours of an earlier call.
    private static Map<String, String> gitSettings(
            Map<String, String> settings, Map<String, String> shell) {
        int count = gitCount(shell);
        Map<String, String> exports = new LinkedHashMap<>();
        for (Map.Entry<String, String> setting : settings.entrySet()) {
            int slot = 0;
            while (slot < count && !setting.getKey().equals(shell.get("GIT_CONFIG_KEY_" + slot))) {
                slot++;
            }
            if (slot == count) {
                count++;
            }
            exports.put("GIT_CONFIG_KEY_" + slot, setting.getKey());
            exports.put("GIT_CONFIG_VALUE_" + slot, setting.getValue());
        }
        exports.put(GIT_COUNT, Integer.toString(count));
        return exports;
    }

    private static int gitCount(Map<String, String> shell) {
        try {
            return Math.max(0, Integer.parseInt(shell.getOrDefault(GIT_COUNT, "0")));
        } catch (NumberFormatException odd) {
            return 0;
        }
    }

    static String quote(String value) {
        return "'" + value.replace("'", "'\\''") + "'";
    }
}
