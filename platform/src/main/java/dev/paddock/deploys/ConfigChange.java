package dev.paddock.deploys;

import dev.paddock.core.ConfigVars;
import dev.paddock.core.UserError;
import dev.paddock.releases.AppSettings;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What a change set makes of an app's config vars.
///
/// @param set names that got another value, sorted
/// @param removed names that are gone, sorted
record ConfigChange(ConfigVars config, List<String> set, List<String> removed) {
    /// More names than this make no readable release description.
    private static final int NAMES_SHOWN = 20;

    /// Empty when nothing changes. Throws UserError for what may not be set.
    static Optional<ConfigChange> of(ConfigVars before, Map<String, Optional<String>> changes) {
        Map<String, String> after = new TreeMap<>(before.values());
        List<String> set = new ArrayList<>();
        List<String> removed = new ArrayList<>();
        new TreeMap<>(changes)
                .forEach((name, value) -> {
                    if (value.isPresent()) {
                        check(name, value.get());
                        if (!value.get().equals(after.put(name, value.get()))) {
                            set.add(name);
                        }
                    } else if (after.remove(name) != null) {
                        removed.add(name);
                    }
                });
        return set.isEmpty() && removed.isEmpty()
                ? Optional.empty()
                : Optional.of(new ConfigChange(new ConfigVars(after), set, removed));
    }

    /// `Set A, B config vars`, `Remove A config vars`, or both.
    String description() {
        if (removed.isEmpty()) {
            return "Set " + names(set) + " config vars";
        }
        return set.isEmpty()
                ? "Remove " + names(removed) + " config vars"
                : "Set " + names(set) + " and remove " + names(removed) + " config vars";
    }

    private static String names(List<String> names) {
        String shown = String.join(", ", names.subList(0, Math.min(NAMES_SHOWN, names.size())));
        int more = names.size() - NAMES_SHOWN;
        return more > 0 ? shown + " (" + more + " more)" : shown;
    }

    private static void check(String name, String value) {
        if (AppSettings.isSetting(name)) {
            AppSettings.check(name, value);
        }
        // An unpaired surrogate, which neither the database nor an environment can hold.
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(value)) {
            throw UserError.invalid("Config var " + name + " is not valid Unicode.");
        }
    }
}
