package dev.paddock.log;

import java.util.Locale;

/// Whether a line comes from the app (its dynos, and users' actions as `app[api]`) or from the platform.
public enum LogSource {
    APP,
    HEROKU;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
