package dev.paddock.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AppManifestTest {
    private static AppManifest.Parsed parse(String json) {
        return AppManifest.parse(json.getBytes(StandardCharsets.UTF_8));
    }

    private static AppManifest manifest(String json) {
        return parse(json).manifest().orElseThrow();
    }

    @Test
    void bothWaysToWriteAnEntryAreRead() {
        AppManifest manifest =
                manifest(
                        """
                        {"buildpacks":["heroku/a",{"url":"heroku/b"}],
                         "addons":["one",{"plan":"two:big","as":"X"}],
                         "scripts":{"postdeploy":{"command":"seed","size":"eco"}}}
                        """);

        assertThat(manifest.buildpacks()).containsExactly("heroku/a", "heroku/b");
        assertThat(manifest.addOns()).containsExactly("one", "two:big");
        assertThat(manifest.postdeploy()).contains("seed");
    }

    @Test
    void whatOnlyPeopleReadIsPassedOver() {
        assertThat(parse("{\"name\":5,\"logo\":[],\"whatever\":{}}").errors()).isEmpty();
        assertThat(manifest("{}").env()).isEmpty();
    }

    @Test
    void everyMistakeIsNamed() {
        assertThat(
                        parse(
                                        """
                                        {"env":{"A":5,"B":{"generator":"dice"},"C":{"required":"no"}},
                                         "formation":{"web":{"quantity":-1},"worker":2},
                                         "buildpacks":{},"addons":[7],"stack":[],"scripts":"x"}
                                        """)
                                .errors())
                .containsExactly(
                        "env.A must be a string or an object",
                        "env.B.generator can only be `secret`",
                        "env.C.required must be true or false",
                        "formation.web.quantity must be a whole number",
                        "formation.worker must be an object",
                        "buildpacks must be an array of at most 200 entries",
                        "addons[0] names nothing",
                        "stack must be a string",
                        "scripts must be an object");
        assertThat(parse("{").errors()).containsExactly("app.json is not valid JSON");
        assertThat(parse("[]").errors()).containsExactly("app.json must be a JSON object");
    }

    @Test
    void theRequestGoesBeforeTheManifest() {
        AppManifest manifest =
                manifest(
                        """
                        {"env":{"A":"1","B":{"value":"2"},"C":{"generator":"secret"},
                          "D":{"required":false},"E":{"description":"needed"}}}
                        """);

        assertThat(manifest.config(Map.of("A", "9", "E", "5", "F", "6"), () -> "made"))
                .containsOnly(
                        Map.entry("A", Optional.of("9")),
                        Map.entry("B", Optional.of("2")),
                        Map.entry("C", Optional.of("made")),
                        Map.entry("E", Optional.of("5")),
                        Map.entry("F", Optional.of("6")));
        assertThatThrownBy(() -> manifest.config(Map.of(), () -> "made"))
                .isInstanceOf(UserError.class)
                .hasMessageEndingWith(": E");
    }
}
