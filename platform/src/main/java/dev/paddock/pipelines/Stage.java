package dev.paddock.pipelines;

import dev.paddock.core.UserError;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// How far code has come in a pipeline.
public enum Stage {
    TEST,
    REVIEW,
    DEVELOPMENT,
    STAGING,
    PRODUCTION;

    /// Throws UserError for another word.
    public static Stage parse(String word) {
        return Arrays.stream(values())
                .filter(stage -> stage.toString().equals(word))
                .findFirst()
                .orElseThrow(() ->
                        UserError.invalid(
                                "There is no stage `"
                                        + (word.length() > 40 ? word.substring(0, 40) : word)
                                        + "`; choose from "
                                        + Arrays.stream(values())
                                                .map(Stage::toString)
                                                .collect(Collectors.joining(", "))
                                        + "."));
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
