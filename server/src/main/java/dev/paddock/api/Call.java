package dev.paddock.api;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.core.UserError;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Optional;

/// One authenticated request. For the thread that serves it.
final class Call {
    /// Bodies of the API are small JSON objects; config vars, the largest of them, are limited to 64 KB.
    static final int MAX_BODY_BYTES = 1024 * 1024;

    private final Context http;
    private final Accounts.Authenticated authenticated;
    private final String key;

    Call(Context http, Accounts.Authenticated authenticated, String key) {
        this.http = http;
        this.authenticated = authenticated;
        this.key = key;
    }

    Account account() {
        return authenticated.account();
    }

    Accounts.Authenticated authenticated() {
        return authenticated;
    }

    /// The key that the request presented; a secret.
    String key() {
        return key;
    }

    String path(String parameter) {
        return http.pathParam(parameter);
    }

    Optional<String> pathIfAny(String parameter) {
        return Optional.ofNullable(http.pathParamMap().get(parameter));
    }

    ListRange range() {
        return ListRange.parse(http.header("Range"));
    }

    Fields fields() {
        return Fields.parse(body());
    }

    private byte[] body() {
        if (http.req().getContentLengthLong() > MAX_BODY_BYTES) {
            throw tooLarge();
        }
        try (InputStream in = http.req().getInputStream()) {
            byte[] body = in.readNBytes(MAX_BODY_BYTES + 1);
            if (body.length > MAX_BODY_BYTES) {
                throw tooLarge();
            }
            return body;
        } catch (IOException e) {
            throw new UncheckedIOException("the client went away while sending its request", e);
        }
    }

    private static UserError tooLarge() {
        return new UserError(
                "request_entity_too_large",
                "The body of a request may have at most 1 MB; send less in one request.");
    }
}
