package dev.paddock.build;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.ProcessType;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProcfileTest {
    private static final ProcessType WORKER = new ProcessType("worker");

    @Test
    void readsTypesAndTheirCommands() {
        String text = "web: node a.js: b\n\n  # a comment\nworker:\t ./work \r\nx-1_Y:sleep 1";

        assertThat(Procfile.parse(text.getBytes(UTF_8)))
                .isEqualTo(
                        Map.of(
                                ProcessType.WEB,
                                "node a.js: b",
                                WORKER,
                                "./work",
                                new ProcessType("x-1_Y"),
                                "sleep 1"));
    }

    @Test
    void anEmptyOneDeclaresNothing() {
        assertThat(Procfile.parse(new byte[0])).isEmpty();
    }

    @Test
    void aByteOrderMarkIsSkipped() {
        assertThat(Procfile.parse("\ufeffweb: a".getBytes(UTF_8)))
                .isEqualTo(Map.of(ProcessType.WEB, "a"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"web", "web:", "web:   ", " web: a", "we b: a", ": a", "wéb: a", "- web: a"})
    void aLineOfAnotherFormIsNamed(String line) {
        byte[] text = ("a: b\n" + line + "\n").getBytes(UTF_8);

        assertThatThrownBy(() -> Procfile.parse(text))
                .isInstanceOf(BuildFailed.class)
                .hasMessageStartingWith("Procfile does not parse: line 2");
    }

    @Test
    void aTypeDeclaredTwiceIsRefused() {
        assertThatThrownBy(() -> Procfile.parse("web: a\nweb: b".getBytes(UTF_8)))
                .hasMessage("Procfile does not parse: line 2: web is declared a second time");
    }

    @Test
    void whatIsNoTextIsRefused() {
        assertThatThrownBy(() -> Procfile.parse(new byte[] {'a', ':', (byte) 0xff}))
                .hasMessageContaining("not UTF-8");
        assertThatThrownBy(() -> Procfile.parse("web: a\0".getBytes(UTF_8)))
                .hasMessageContaining("NUL");
        assertThatThrownBy(() -> Procfile.parse(new byte[Procfile.MAX_BYTES + 1]))
                .hasMessageContaining("over 65536 bytes");
    }

    @Test
    void controlCharactersOfALineAreNotShown() {
        assertThatThrownBy(() -> Procfile.parse("\u001b[31mred".getBytes(UTF_8)))
                .hasMessageContaining("\"?[31mred\"");
    }

    @Test
    void defaultsOfAReleaseStepAreReadAndOtherKeysSkipped() {
        String yaml =
                """
                ---
                addons:
                  - heroku-postgresql
                # types
                default_process_types:
                  web: npm start
                  worker: "node w.js"
                config_vars:
                  PATH: /x
                """;

        assertThat(Procfile.parseRelease(yaml.getBytes(UTF_8)))
                .isEqualTo(Map.of(ProcessType.WEB, "npm start", WORKER, "node w.js"));
    }

    @Test
    void oddDefaultsAreRefused() {
        assertThatThrownBy(() ->
                        Procfile.parseRelease("default_process_types:\n  - web\n".getBytes(UTF_8)))
                .hasMessageStartingWith("release step does not parse: line 2");
    }
}
