package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApiErrorsTest {
    @ParameterizedTest
    @CsvSource({
        "bad_request,400",
        "unauthorized,401",
        "forbidden,403",
        "not_found,404",
        "method_not_allowed,405",
        "not_acceptable,406",
        "conflict,409",
        "request_entity_too_large,413",
        "requested_range_not_satisfiable,416",
        "invalid_params,422",
        "rate_limit,429",
        "internal_server_error,500",
        "unavailable,503",
        "something_new,422"
    })
    void eachErrorIdHasItsStatus(String id, int status) {
        assertThat(ApiErrors.status(id)).isEqualTo(status);
    }

    @Test
    void userMistakesAreToldAsTheyAre() {
        UserError error = UserError.notFound("app");

        assertThat(ApiErrors.of(error, "r")).isSameAs(error);
        assertThat(Representations.error(error).toString())
                .isEqualTo(
                        """
                        {"id":"not_found","message":"Couldn't find that app.","resource":"app"}\
                        """);
    }

    @Test
    void databaseThatIsAwayIsNoBug() {
        var pool = new RuntimeException(new SQLTransientConnectionException("timeout"));
        var stopping = new RuntimeException(new SQLException("terminating connection", "57P01"));
        var broken = new RuntimeException(new SQLException("broken pipe", "08006"));

        for (RuntimeException failure : List.of(pool, stopping, broken)) {
            assertThat(ApiErrors.of(failure, "r").id()).isEqualTo("unavailable");
            assertThat(ApiErrors.isBug(failure)).isFalse();
        }
    }

    @Test
    void fullDiskIsNoBugAndSaysWhatToDo() {
        var database = new RuntimeException(new SQLException("could not extend file", "53100"));
        var file = new UncheckedIOException(new IOException("/x: No space left on device"));
        var quota = new UncheckedIOException(new IOException("/x: Disk quota exceeded"));

        for (RuntimeException failure : List.of(database, file, quota)) {
            UserError told = ApiErrors.of(failure, "r");

            assertThat(told.id()).isEqualTo("unavailable");
            assertThat(told.message()).contains("disk", "is full", "make room");
            assertThat(ApiErrors.isBug(failure)).isFalse();
        }
        assertThat(ApiErrors.isBug(new UncheckedIOException(new IOException("broken pipe"))))
                .isTrue();
    }

    @Test
    void bugsTellNothingButWhereToLook() {
        var bug = new IllegalStateException("secret detail", new SQLException("syntax", "42601"));

        UserError told = ApiErrors.of(bug, "request-4711");

        assertThat(told.id()).isEqualTo("internal_server_error");
        assertThat(told.message()).contains("request-4711").doesNotContain("secret detail");
        assertThat(ApiErrors.isBug(bug)).isTrue();
    }
}
