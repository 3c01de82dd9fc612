package dev.paddock.api;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Authorizations;
import dev.paddock.apps.Permission;
import dev.paddock.core.UserError;
import io.javalin.http.Context;
import jakarta.servlet.ServletInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.Set;

/// One authenticated request. For the thread that serves it.
final class Call {
    /// Bodies of the API are small JSON objects; config vars, the largest of them, are limited to 64 KB.
    static final int MAX_BODY_BYTES = 1024 * 1024;

    private static final int MAX_DISCARDED_BYTES = 4 * MAX_BODY_BYTES;

    private final Context http;
    private final Authorizations.Authenticated authenticated;
    private final String key;
    private final Set<Permission> permissions;
    private Optional<byte[]> received = Optional.empty();

    /// @param permissions any of these is needed for the app that the path names
    Call(
            Context http,
            Authorizations.Authenticated authenticated,
            String key,
            Set<Permission> permissions) {
        this.http = http;
        this.authenticated = authenticated;
        this.key = key;
        this.permissions = permissions;
    }

    Set<Permission> permissions() {
        return permissions;
    }

    Account account() {
        return authenticated.account();
    }

    Authorizations.Authenticated authenticated() {
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

    /// A parameter of the query, as `eq[name]`.
    Optional<String> query(String name) {
        return Optional.ofNullable(http.queryParam(name));
    }

    Fields fields() {
        receive();
        return Fields.parse(received.orElseThrow());
    }

    /// Waits for the whole body, which its client may send slowly.
    void receive() {
        if (received.isEmpty()) {
            received = Optional.of(body(http));
        }
    }

    static Fields fields(Context http) {
        return Fields.parse(body(http));
    }

    private static byte[] body(Context http) {
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

    /// Reads what no endpoint wanted to know: the server would close the connection under its client's next request.
    /// False when that is too much, or nobody knows how much it is.
    static boolean discardRest(Context http) {
        long declared = http.req().getContentLengthLong();
        if (declared == 0 || (declared < 0 && http.header("Transfer-Encoding") == null)) {
            return true;
        }
        try {
            ServletInputStream in = http.req().getInputStream();
            if (in.isFinished()) {
                return true;
            }
            if (declared < 0 || declared > MAX_DISCARDED_BYTES) {
                return false;
            }
            in.skipNBytes(MAX_DISCARDED_BYTES + 1);
            return false;
        } catch (EOFException _) {
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    private static UserError tooLarge() {
        return new UserError(
                "request_entity_too_large",
                "The body of a request may have at most 1 MB; send less in one request.");
    }
}
