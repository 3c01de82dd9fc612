package dev.paddock.accounts;

import dev.paddock.core.UserError;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// What a key may be used for. The protected ones include config vars.
public enum Scope {
    GLOBAL,
    IDENTITY,
    READ,
    WRITE,
    READ_PROTECTED,
    WRITE_PROTECTED;

    /// None at all means everything, as the key of an account has it.
    public static List<Scope> parse(List<String> words) {
        return words.isEmpty()
                ? List.of(GLOBAL)
                : words.stream().map(Scope::parse).distinct().sorted().toList();
    }

    private static Scope parse(String word) {
        return Arrays.stream(values())
                .filter(scope -> scope.toString().equals(word))
                .findFirst()
                .orElseThrow(() ->
                        UserError.invalid(
                                "There is no scope `"
                                        + (word.length() > 40 ? word.substring(0, 40) : word)
                                        + "`; choose from "
                                        + Arrays.stream(values())
                                                .map(Scope::toString)
                                                .collect(Collectors.joining(", "))
                                        + "."));
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
