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

    @Mixin DataOption data = new DataOption();

    @Override
    public Integer call() {
        exports(OperatorFile.read(data.path()), System.getenv())
                .forEach(
                        (name, value) -> System.out.println("export " + name + "=" + quote(value)));
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
        exports.put("HEROKU_DATA_HOST", "localhost");
        exports.put("NODE_EXTRA_CA_CERTS", ca);
        exports.put("DISABLE_TELEMETRY", "true");
        exports.put("HEROKU_SKIP_NEW_VERSION_CHECK", "1");

        String setting = "http.https://localhost:" + operator.apiPort() + "/.sslCAInfo";
        int count = gitCount(shell);
        int slot = 0;
        while (slot < count && !setting.equals(shell.get("GIT_CONFIG_KEY_" + slot))) {
            slot++;
        }
        exports.put(GIT_COUNT, Integer.toString(Math.max(count, slot + 1)));
        exports.put("GIT_CONFIG_KEY_" + slot, setting);
        exports.put("GIT_CONFIG_VALUE_" + slot, ca);
        return exports;
    }

    /// The shell may carry git settings of its own: ours come behind them, or replace ours of an earlier call.
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
