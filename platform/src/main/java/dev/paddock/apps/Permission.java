package dev.paddock.apps;

import dev.paddock.core.UserError;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/// What a collaborator may do with an app. Its owner may do everything.
public enum Permission {
    VIEW("See the app, its dynos, its releases and its log."),
    DEPLOY("Push code, build, release, and change config vars."),
    OPERATE("Scale, run and restart dynos, and change domains, drains and other settings."),
    MANAGE("Rename and destroy the app, and say who has access to it.");

    /// What somebody may do who is given access without a word more.
    public static final Set<Permission> USUAL = Set.of(VIEW, DEPLOY, OPERATE);

    private final String description;

    Permission(String description) {
        this.description = description;
    }

    public String description() {
        return description;
    }

    /// Who may do anything may also see it. Throws UserError for an unknown word.
    public static Set<Permission> parse(Collection<String> words) {
        Set<Permission> parsed = EnumSet.of(VIEW);
        words.forEach(word -> parsed.add(parse(word)));
        return parsed;
    }

    private static Permission parse(String word) {
        return Arrays.stream(values())
                .filter(permission -> permission.toString().equals(word))
                .findFirst()
                .orElseThrow(() ->
                        UserError.invalid(
                                "There is no permission `"
                                        + (word.length() > 40 ? word.substring(0, 40) : word)
                                        + "`; choose from "
                                        + Arrays.stream(values())
                                                .map(Permission::toString)
                                                .collect(Collectors.joining(", "))
                                        + "."));
    }

    static List<String> words(Set<Permission> permissions) {
        return permissions.stream().sorted().map(Permission::toString).toList();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
