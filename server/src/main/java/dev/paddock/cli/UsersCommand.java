package dev.paddock.cli;

import dev.paddock.server.OperatorApi;
import dev.paddock.server.OperatorFile;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/// `paddock users`: who may use the platform, for its operator.
@Command(
        name = "users",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "Adds and lists the users of a running platform, and gives them new keys.",
        subcommands = {
            UsersCommand.Add.class,
            UsersCommand.ListAll.class,
            UsersCommand.ResetKey.class
        })
final class UsersCommand {
    private static final String USERS = "/paddock/users";

    /// `paddock users add`: the new user's key is all that stands on stdout.
    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            description = {
                "Adds a user and prints their API key, which is shown only now.",
                "It serves as HEROKU_API_KEY, and as the password of `heroku login -i`."
            })
    static final class Add implements Callable<Integer> {
        @Mixin DataOption data = new DataOption();

        @Parameters(paramLabel = "EMAIL", description = "The user's e-mail address.")
        String email = "";

        @Option(names = "--name", paramLabel = "NAME", description = "What they are called.")
        String name = "";

        @Override
        public Integer call() {
            JsonNode user =
                    new OperatorApi(OperatorFile.read(data.path()))
                            .post(USERS, Map.of("email", email, "name", name));
            System.err.println("paddock: added " + user.path("email").asString() + "; their key:");
            System.out.println(user.path("key").asString());
            return Main.DONE;
        }
    }

    /// `paddock users list`.
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            description = "Lists all users: e-mail, role, since when, name.")
    static final class ListAll implements Callable<Integer> {
        @Mixin DataOption data = new DataOption();

        @Override
        public Integer call() {
            for (JsonNode user : new OperatorApi(OperatorFile.read(data.path())).get(USERS)) {
                System.out.printf(
                        "%-40s %-9s %s %s%n",
                        user.path("email").asString(),
                        user.path("operator").asBoolean(false) ? "operator" : "user",
                        user.path("created_at").asString(),
                        user.path("name").asString());
            }
            return Main.DONE;
        }
    }

    /// `paddock users reset-key`: the new key is all that stands on stdout.
    @Command(
            name = "reset-key",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            description = "Revokes all keys and sessions of a user and prints a new key.")
    static final class ResetKey implements Callable<Integer> {
        @Mixin DataOption data = new DataOption();

        @Parameters(paramLabel = "EMAIL", description = "The user's e-mail address.")
        String email = "";

        @Override
        public Integer call() {
            OperatorFile operator = OperatorFile.read(data.path());
            OperatorApi api = new OperatorApi(operator);
            JsonNode user =
                    api.post(
                            USERS + "/" + OperatorApi.encode(email) + "/actions/reset-key",
                            Map.of());
            String key = user.path("key").asString();
            if (user.path("email").asString().equalsIgnoreCase(operator.email())) {
                operator.replaceKey(data.path(), key);
            }
            System.err.println(
                    "paddock: the keys that "
                            + user.path("email").asString()
                            + " had are revoked; the new one:");
            System.out.println(key);
            return Main.DONE;
        }
    }
}
