package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FieldsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "{\"a\":}",
                "[1,2",
                "nonsense",
                "{\"a\":1}{",
                "{\"a\":1,\"a\":2}",
                "\u0001"
            })
    void bodyThatIsNoJsonIsABadRequestThatSaysWhere(String body) {
        assertThatThrownBy(() -> parse(body))
                .isInstanceOfSatisfying(
                        UserError.class,
                        error -> {
                            assertThat(error.id()).isEqualTo("bad_request");
                            assertThat(error.message())
                                    .startsWith("The body is not valid JSON at line 1, column ");
                        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "1", "\"text\"", "null", "true"})
    void bodyThatIsNoObjectIsABadRequest(String body) {
        assertThatThrownBy(() -> parse(body))
                .isInstanceOfSatisfying(
                        UserError.class, error -> assertThat(error.id()).isEqualTo("bad_request"));
    }

    @Test
    void deepNestingIsRefused() {
        String body = "{\"a\":".repeat(5000) + "1" + "}".repeat(5000);

        assertThatThrownBy(() -> parse(body)).isInstanceOf(UserError.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "{\"name\":1} | name",
                "{\"name\":{}} | name",
                "{\"flag\":\"true\"} | flag",
                "{\"number\":\"5\"} | number",
                "{\"number\":1.5} | number",
                "{\"number\":99999999999999999999} | number",
                "{\"list\":{}} | list",
                "{\"list\":[{},5]} | list[1]",
                "{\"list\":[{\"quantity\":[]}]} | list[0].quantity"
            })
    void wrongTypeNamesTheField(String body, String field) {
        assertThatThrownBy(() -> readAll(parse(body)))
                .isInstanceOfSatisfying(
                        UserError.class,
                        error -> {
                            assertThat(error.id()).isEqualTo("invalid_params");
                            assertThat(error.message())
                                    .startsWith("The field `" + field + "` must be ");
                        });
    }

    @Test
    void emptyBodyAndNullsAreAbsent() {
        readAll(parse(""));
        readAll(parse("{\"name\":null,\"flag\":null,\"list\":null}"));
        assertThat(parse("{\"name\":null}").has("name")).isFalse();
    }

    @Test
    void configVarsKeepWhatIsUnset() {
        assertThat(parse("{\"A\":\"x\",\"B\":null,\"C\":\"\"}").texts())
                .isEqualTo(
                        Map.of("A", Optional.of("x"), "B", Optional.empty(), "C", Optional.of("")));
    }

    @Test
    void identitiesAreStringsOrObjects() {
        assertThat(parse("{\"stack\":\"host\"}").identity("stack")).contains("host");
        assertThat(parse("{\"stack\":{\"name\":\"host\"}}").identity("stack")).contains("host");
        assertThat(parse("{\"stack\":{\"id\":\"x\"}}").identity("stack")).contains("x");
    }

    private static void readAll(Fields fields) {
        fields.text("name");
        fields.flag("flag");
        fields.number("number");
        fields.objects("list").forEach(item -> item.textOrNumber("quantity"));
    }

    private static Fields parse(String body) {
        return Fields.parse(body.getBytes(StandardCharsets.UTF_8));
    }
}
