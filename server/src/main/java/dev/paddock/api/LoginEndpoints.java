package dev.paddock.api;

import dev.paddock.accounts.Authorizations;
import dev.paddock.accounts.BrowserLogins;
import dev.paddock.accounts.Scope;
import dev.paddock.core.UserError;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Logging in by browser: the terminal begins, somebody gives their key to a page, the terminal gets a session. No
/// request of it carries a key of the platform.
final class LoginEndpoints {
    private static final Duration SESSION_LIFE = Duration.ofDays(30);

    /// Below the port's limit for a silent connection.
    private static final Duration HEARTBEAT = Duration.ofSeconds(20);

    private static final int MAX_HEARTBEATS = 30;

    /// The page needs nothing from anywhere, may not be framed, and sends its form to itself.
    private static final String POLICY =
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";

    private static final String FORM =
            """
            <p>%s wants to use this platform in your name. Go on only if you have just asked for it in your terminal.</p>
            %s<form method="post"><label>E-mail <input name="email" type="email" required autofocus></label>
            <label>API key <input name="key" type="password" required autocomplete="current-password"></label>
            <button>Log in</button></form>
            """;

    private final BrowserLogins logins;
    private final Authorizations authorizations;

    LoginEndpoints(BrowserLogins logins, Authorizations authorizations) {
        this.logins = logins;
        this.authorizations = authorizations;
    }

    void serve(JavalinConfig config) {
        config.routes.post("/auth", this::begin);
        config.routes.get("/auth/browser/{login}", this::page);
        config.routes.post("/auth/browser/{login}", this::finish);
        config.routes.get("/auth/cli/{login}", this::outcome);
    }

    private void begin(Context http) {
        String description = AccessRepresentations.loginDescription(Call.fields(http));
        BrowserLogins.Begun login = logins.begin(description);
        http.contentType(ApiServer.JSON);
        http.header("Cache-Control", "no-store");
        http.result(
                AccessRepresentations.begunLogin(
                                login, "/auth/browser/" + login.id(), "/auth/cli/" + login.id())
                        .toString());
    }

    private void page(Context http) {
        BrowserLogins.Begun login = find(http);
        send(http, 200, FORM.formatted(escape(login.description()), ""));
    }

    private void finish(Context http) {
        BrowserLogins.Begun login = find(http);
        String email = String.valueOf(http.formParam("email"));
        String key = String.valueOf(http.formParam("key")).strip();
        Optional<Authorizations.Authenticated> user =
                authorizations
                        .authenticate(key)
                        .filter(found -> found.account().email().equalsIgnoreCase(email.strip()))
                        .filter(found -> found.authorization().scope().contains(Scope.GLOBAL));
        if (user.isEmpty()) {
            String mistake = "<p><strong>That e-mail and key do not belong together.</strong></p>";
            send(http, 401, FORM.formatted(escape(login.description()), mistake));
            return;
        }
        var wanted =
                new Authorizations.Wanted(
                        login.description(),
                        List.of(Scope.GLOBAL),
                        Optional.of(SESSION_LIFE),
                        true);
        var issued = authorizations.issue(user.get().account(), wanted);
        if (!logins.finish(login.id(), issued.token())) {
            authorizations.revoke(user.get().account(), issued.authorization().id());
            throw unknown();
        }
        send(
                http,
                200,
                "<p>You are logged in as %s. Close this page and go back to your terminal.</p>"
                        .formatted(escape(user.get().account().email())));
    }

    /// White space before the JSON keeps the connection alive while nobody has logged in yet.
    private void outcome(Context http) throws IOException, InterruptedException {
        BrowserLogins.Begun login =
                Credentials.parse(http.header("Authorization"))
                        .flatMap(given -> logins.of(http.pathParam("login"), given.key()))
                        .orElseThrow(ApiErrors::unauthorized);
        http.contentType(ApiServer.JSON);
        http.header("Cache-Control", "no-store");
        OutputStream out = http.res().getOutputStream();
        for (int beat = 0; beat < MAX_HEARTBEATS; beat++) {
            Optional<String> key = logins.await(login, HEARTBEAT);
            if (key.isPresent()) {
                write(out, AccessRepresentations.loggedIn(key.get()).toString());
                return;
            }
            if (logins.find(login.id()).isEmpty()) {
                break;
            }
            write(out, " ");
        }
        String reason = "Nobody logged in in time. Try again.";
        write(out, AccessRepresentations.notLoggedIn(reason).toString());
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private BrowserLogins.Begun find(Context http) {
        return logins.find(http.pathParam("login")).orElseThrow(LoginEndpoints::unknown);
    }

    private static UserError unknown() {
        return new UserError(
                "not_found",
                "This login does not exist or has expired; begin anew with: heroku login",
                "login");
    }

    private static void send(Context http, int status, String body) {
        http.status(status);
        http.contentType("text/html;charset=utf-8");
        http.header("Cache-Control", "no-store");
        http.header("Content-Security-Policy", POLICY);
        http.header("Referrer-Policy", "no-referrer");
        http.header("X-Content-Type-Options", "nosniff");
        http.result(
                """
                <!doctype html><html lang="en"><meta charset="utf-8"><title>Log in to Paddock</title>
                <style>body{font:16px/1.5 sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}
                label,input,button{display:block;font:inherit}
                input{width:100%%;margin:0 0 1rem;padding:.4rem;box-sizing:border-box}</style>
                <h1>Log in to Paddock</h1>%s</html>
                """
                        .formatted(body));
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
