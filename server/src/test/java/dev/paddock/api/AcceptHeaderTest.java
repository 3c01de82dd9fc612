package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class AcceptHeaderTest {
    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                "*/*",
                "application/json",
                "application/vnd.heroku+json",
                "application/vnd.heroku+json; version=3",
                "application/vnd.heroku+json;version=3.sdk",
                "application/vnd.heroku+json; version=\"3\"; q=0.5",
                "text/html, application/vnd.heroku+json; version=3.webhooks"
            })
    void versionThreeAndItsVariantsAreServed(String accept) {
        assertThatCode(() -> AcceptHeader.check(accept)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/vnd.heroku+json; version=2",
                "application/vnd.heroku+json; version=33",
                "application/vnd.heroku+json; version=edge"
            })
    void otherVersionsAreNot(String accept) {
        assertThatThrownBy(() -> AcceptHeader.check(accept))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("version 3");
    }
}
