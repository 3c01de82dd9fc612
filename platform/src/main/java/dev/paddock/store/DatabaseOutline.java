package dev.paddock.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a snapshot of a database consists of, as a text of lines that is kept beside its rows.
///
/// @param schema the number of the newest migration
/// @param key the fingerprint, in hex, of the key that sealed secrets in it; empty when nothing was sealed yet
/// @param sequences what the next values follow on
public record DatabaseOutline(
        int schema, String key, List<Table> tables, Map<String, Long> sequences) {
    private static final Pattern LINE =
            Pattern.compile(
                    "schema=(?<schema>[0-9]{1,6})|key=(?<key>[0-9a-f]*)"
                            + "|table=(?<table>[a-z][a-z0-9_]*):(?<columns>[a-z0-9_,]+)"
                            + "|sequence=(?<sequence>[a-z][a-z0-9_]*):(?<value>[0-9]{1,18})");

    public DatabaseOutline {
        tables = List.copyOf(tables);
        sequences = Map.copyOf(sequences);
    }

    /// A table with its columns, in the order in which its rows are kept.
    public record Table(String name, List<String> columns) {
        public Table {
            columns = List.copyOf(columns);
        }

        String columnList() {
            return String.join(", ", columns);
        }
    }

    /// Throws IllegalArgumentException for what [#text()] cannot have written.
    public static DatabaseOutline parse(String text) {
        int schema = 0;
        String key = "";
        List<Table> tables = new ArrayList<>();
        Map<String, Long> sequences = new TreeMap<>();
        for (String line : text.lines().toList()) {
            Matcher parts = LINE.matcher(line);
            if (!parts.matches()) {
                throw new IllegalArgumentException("no line of an outline: " + line);
            }
            if (parts.group("schema") != null) {
                schema = Integer.parseInt(parts.group("schema"));
            } else if (parts.group("key") != null) {
                key = parts.group("key");
            } else if (parts.group("table") != null) {
                List<String> columns = Arrays.asList(parts.group("columns").split(",", -1));
                tables.add(new Table(parts.group("table"), columns));
            } else {
                sequences.put(parts.group("sequence"), Long.valueOf(parts.group("value")));
            }
        }
        return new DatabaseOutline(schema, key, tables, sequences);
    }

    public String text() {
        StringBuilder text = new StringBuilder("schema=%d\nkey=%s\n".formatted(schema, key));
        for (Table table : tables) {
            text.append("table=%s:%s\n".formatted(table.name(), String.join(",", table.columns())));
        }
        new TreeMap<>(sequences)
                .forEach((name, value) -> text.append("sequence=%s:%d\n".formatted(name, value)));
        return text.toString();
    }
}
