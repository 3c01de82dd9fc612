package dev.paddock.server;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/// What of a data directory goes into a backup, by its names there. Logs, caches and all else come into being anew.
final class BackedUp {
    static final String BACKUP = "backup";
    static final String KEYS = "keys";

    /// Where the keys are looked for when nobody says.
    static Path keysBeside(Path backup) {
        return backup.resolveSibling(backup.getFileName() + ".keys");
    }

    static final String OUTLINE = "database/outline";
    static final String ROWS = "database/rows/";
    static final String SETTINGS = "settings";

    /// Files that open what the rest keeps sealed, or let somebody in.
    static final List<String> KEY_FILES =
            List.of(
                    "keys/secrets.key",
                    "certificates/ca.pem",
                    "certificates/ca.key",
                    "certificates/leaf.key",
                    "operator");

    static final String SECRETS_KEY = KEY_FILES.getFirst();

    private static final String UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

    static final Pattern SLUG = Pattern.compile("slugs/(?<slug>" + UUID + ")\\.tgz");
    static final Pattern REPOSITORY = Pattern.compile("repositories/(?<app>" + UUID + ")\\.git");
    static final Pattern OUTPUTS = Pattern.compile("outputs/(?<app>" + UUID + ")");
    static final Pattern OUTPUT = Pattern.compile(OUTPUTS + "/" + UUID);
    static final Pattern REPOSITORY_FILE = Pattern.compile(REPOSITORY + "/(?<file>.+)");
    static final Pattern AUDIT = Pattern.compile("audit/audit\\.log(\\.[0-9])?");
    static final Pattern CHUNK =
            Pattern.compile("database/rows/(?<table>[a-z][a-z0-9_]*)/[0-9]{6}");

    private BackedUp() {}
}
