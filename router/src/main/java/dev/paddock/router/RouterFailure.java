package dev.paddock.router;

import dev.paddock.routes.AppRoute;
import org.jspecify.annotations.Nullable;

/// Why a request was not simply relayed, sorted by who is to blame; the one table of H-codes (router.md section 8).
sealed interface RouterFailure {
    /// `H10`, or empty for plain refusals that belong to no code.
    String code();

    String description();

    /// Status in the log, and of the answer when one can still be given; 0 for none.
    int status();

    /// How loud the line is: `info`, `warning` or `error`.
    default String level() {
        return "error";
    }

    /// Which connection broke, for the field `sock`; empty for neither.
    default String socket() {
        return "";
    }

    /// Text of the field `cause`; empty for none.
    default String cause() {
        return "";
    }

    /// Whether the app's own error page stands in for the built-in one.
    default boolean usesErrorPage() {
        return status() == 502 || status() == 503;
    }

    /// The client's doing.
    enum Client implements RouterFailure {
        BAD_HEADER("H26", "Request Error", 400, "error", "", "bad header"),
        BAD_CHUNK("H26", "Request Error", 400, "error", "", "bad chunk"),
        UNKNOWN_EXPECTATION(
                "H26", "Request Error", 417, "error", "", "unsupported expect header value"),
        GONE("H27", "Client Request Interrupted", 499, "warning", "client", ""),
        IDLE("H28", "Client Connection Idle", 499, "warning", "", ""),
        MISDIRECTED("H31", "Misdirected Request", 421, "error", "", ""),
        UNKNOWN_HOST("", "No such app", 404, "info", "", ""),
        METHOD("", "Method Not Allowed", 405, "error", "", ""),
        SLOW_HEAD("", "Request Timeout", 408, "error", "", ""),
        TARGET_TOO_LONG("", "URI Too Long", 414, "error", "", ""),
        UNKNOWN_CODING("", "Not Implemented", 501, "error", "", ""),
        VERSION("", "HTTP Version Not Supported", 505, "error", "", "");

        private final String code;
        private final String description;
        private final int status;
        private final String level;
        private final String socket;
        private final String cause;

        Client(
                String code,
                String description,
                int status,
                String level,
                String socket,
                String cause) {
            this.code = code;
            this.description = description;
            this.status = status;
            this.level = level;
            this.socket = socket;
            this.cause = cause;
        }

        @Override
        public String code() {
            return code;
        }

        @Override
        public String description() {
            return description;
        }

        @Override
        public int status() {
            return status;
        }

        @Override
        public String level() {
            return level;
        }

        @Override
        public String socket() {
            return socket;
        }

        @Override
        public String cause() {
            return cause;
        }
    }

    /// The dyno's doing.
    enum Dyno implements RouterFailure {
        CRASHED("H10", "App crashed", 503),
        SLOW("H12", "Request timeout", 503),
        CLOSED("H13", "Connection closed without response", 503),
        IDLE("H15", "Idle connection", 503),
        MALFORMED("H17", "Poorly formatted HTTP response", 503),
        INTERRUPTED("H18", "Server Request Interrupted", 503),
        CONNECT_TIMEOUT("H19", "Backend connection timeout", 503),
        BOOT_TIMEOUT("H20", "App boot timeout", 503),
        REFUSED("H21", "Backend connection refused", 503),
        BAD_LENGTH("H25", "HTTP restriction: invalid content length", 502),
        COOKIE_TOO_LONG("H25", "HTTP restriction: oversized cookie", 502),
        HEADER_TOO_LONG("H25", "HTTP restriction: oversized header", 502),
        STATUS_LINE_TOO_LONG("H25", "HTTP restriction: oversized status line", 502);

        private final String code;
        private final String description;
        private final int status;

        Dyno(String code, String description, int status) {
            this.code = code;
            this.description = description;
            this.status = status;
        }

        @Override
        public String code() {
            return code;
        }

        @Override
        public String description() {
            return description;
        }

        @Override
        public int status() {
            return status;
        }

        @Override
        public String socket() {
            return this == INTERRUPTED ? "backend" : "";
        }
    }

    /// The platform's and the router's doing.
    enum Platform implements RouterFailure {
        BACKLOG("H11", "Backlog too deep", 503, "error"),
        NO_PROCESSES("H14", "No web processes running", 503, "error"),
        FORCED_CLOSE("H24", "Forced close", 0, "error"),
        MAINTENANCE("H80", "Maintenance mode", 503, "info"),
        BLANK("H81", "Blank app", 503, "info"),
        QUOTA("H82", "Free dyno quota exhausted", 503, "info"),
        FAULT("H99", "Platform error", 503, "error");

        private final String code;
        private final String description;
        private final int status;
        private final String level;

        /// What such a route answers every request with, without a dyno; null if dynos answer.
        static @Nullable Platform of(AppRoute route) {
            if (route.maintenance()) {
                return MAINTENANCE;
            }
            return switch (route.status()) {
                case BLANK -> BLANK;
                case QUOTA_EXHAUSTED -> QUOTA;
                case NORMAL -> null;
            };
        }

        Platform(String code, String description, int status, String level) {
            this.code = code;
            this.description = description;
            this.status = status;
            this.level = level;
        }

        @Override
        public String code() {
            return code;
        }

        @Override
        public String description() {
            return description;
        }

        @Override
        public int status() {
            return status;
        }

        @Override
        public String level() {
            return level;
        }

        @Override
        public boolean usesErrorPage() {
            return this == BACKLOG || this == NO_PROCESSES || this == FAULT;
        }
    }
}
