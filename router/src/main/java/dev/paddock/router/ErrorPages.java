package dev.paddock.router;

import java.nio.charset.StandardCharsets;

/// The pages that the router itself answers with (router.md section 9).
final class ErrorPages {
    private static final int LONGEST_URL = 2048;

    private ErrorPages() {}

    /// A built-in page that says what is wrong, and its code.
    static byte[] page(RouterFailure failure) {
        String title =
                failure == RouterFailure.Client.UNKNOWN_HOST
                        ? "There is no such app"
                        : failure == RouterFailure.Platform.MAINTENANCE
                                ? "Offline for maintenance"
                                : failure.usesErrorPage()
                                        ? "Application error"
                                        : failure.description();
        String code = failure.code().isEmpty() ? "" : " (" + failure.code() + ")";
        return document(
                title,
                "<main><h1>"
                        + title
                        + "</h1><p>"
                        + failure.description()
                        + (failure.cause().isEmpty() ? "" : ": " + failure.cause())
                        + code
                        + ".</p></main>");
    }

    /// A page that shows the app's own page in a frame.
    static byte[] frame(String url) {
        String shown = url.length() > LONGEST_URL ? url.substring(0, LONGEST_URL) : url;
        return document(
                "Application error",
                "<iframe src=\""
                        + shown.replace("&", "&amp;")
                                .replace("\"", "&quot;")
                                .replace("<", "&lt;")
                                .replace(">", "&gt;")
                        + "\"></iframe>");
    }

    private static byte[] document(String title, String body) {
        return """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>%s</title>
        <style>
        html, body, iframe { margin: 0; padding: 0; width: 100%%; height: 100%%; border: 0; overflow: hidden }
        main { max-width: 36em; margin: 15vh auto; font-family: sans-serif; color: #333 }
        </style>
        </head>
        <body>%s</body>
        </html>
        """
                .formatted(title, body)
                .getBytes(StandardCharsets.UTF_8);
    }
}
