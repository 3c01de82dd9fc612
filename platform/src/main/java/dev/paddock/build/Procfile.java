package dev.paddock.build;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.paddock.core.ProcessType;
import dev.paddock.core.UserError;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The process types that a Procfile declares, or that a buildpack's release step gives as defaults.
final class Procfile {
    static final int MAX_BYTES = 64 * 1024;
    private static final int MAX_TYPES = 100;
    private static final int SHOWN_CHARS = 60;

    private static final Pattern LINE = Pattern.compile("([A-Za-z0-9_-]+):\\s*(.+)");
    private static final Pattern COMMENT = Pattern.compile("\\s*(#.*)?");
    private static final Pattern SECTION = Pattern.compile("([A-Za-z0-9_-]+):\\s*(.*)");
    private static final Pattern MEMBER = Pattern.compile("\\s+([A-Za-z0-9_-]+):\\s+(.+)");

    private static final Pattern ITEM = Pattern.compile("\\s*-\\s+(\\S+)\\s*");

    private Procfile() {}

    /// Lines `type: command`; blank lines and comments are skipped, anything else fails the build.
    static Map<ProcessType, String> parse(byte[] bytes) {
        Map<ProcessType, String> types = new TreeMap<>();
        int number = 0;
        for (String line : lines("Procfile", bytes)) {
            number++;
            if (COMMENT.matcher(line).matches()) {
                continue;
            }
            Matcher declared = LINE.matcher(line);
            if (!declared.matches() || declared.group(2).isBlank()) {
                throw unparsed(
                        "Procfile", number, "expected \"type: command\", found " + quoted(line));
            }
            put(types, "Procfile", number, declared.group(1), declared.group(2).strip());
        }
        return types;
    }

    /// The `default_process_types` of a release step's YAML; other keys are skipped. Only the plain form is
    /// understood: a key per line, members indented below it.
    static Map<ProcessType, String> parseRelease(byte[] bytes) {
        Map<ProcessType, String> types = new TreeMap<>();
        String section = "";
        int number = 0;
        for (String line : lines("release step", bytes)) {
            number++;
            Matcher head = SECTION.matcher(line);
            boolean empty = COMMENT.matcher(line).matches() || line.strip().equals("---");
            if (head.matches()) {
                section = head.group(1);
            } else if (!empty && section.equals("default_process_types")) {
                Matcher member = MEMBER.matcher(line);
                if (!member.matches()) {
                    throw unparsed("release step", number, "found " + quoted(line));
                }
                put(types, "release step", number, member.group(1), unquote(member.group(2)));
            }
        }
        return types;
    }

    /// The `addons` of a release step's YAML.
    static List<String> parseAddons(byte[] bytes) {
        List<String> addons = new ArrayList<>();
        boolean inside = false;
        for (String line : lines("release step", bytes)) {
            Matcher item = ITEM.matcher(line);
            if (SECTION.matcher(line).matches()) {
                inside = line.startsWith("addons:");
            } else if (inside && item.matches() && addons.size() < MAX_TYPES) {
                addons.add(BuildDirectory.printable(unquote(item.group(1)), SHOWN_CHARS));
            }
        }
        return addons;
    }

    private static void put(
            Map<ProcessType, String> types, String what, int number, String type, String command) {
        try {
            if (types.put(new ProcessType(type), command) != null) {
                throw unparsed(what, number, type + " is declared a second time");
            }
        } catch (UserError e) {
            throw unparsed(what, number, e.message());
        }
        if (types.size() > MAX_TYPES) {
            throw unparsed(what, number, "more than " + MAX_TYPES + " process types");
        }
    }

    private static Iterable<String> lines(String what, byte[] bytes) {
        if (bytes.length > MAX_BYTES) {
            throw new BuildFailed(what + " does not parse: it is over " + MAX_BYTES + " bytes");
        }
        try {
            String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            if (text.indexOf('\0') >= 0) {
                throw new BuildFailed(what + " does not parse: it contains a NUL character");
            }
            return (text.startsWith("\ufeff") ? text.substring(1) : text).lines().toList();
        } catch (CharacterCodingException _) {
            throw new BuildFailed(what + " does not parse: it is not UTF-8 text");
        }
    }

    private static String unquote(String value) {
        String text = value.strip();
        boolean quoted =
                text.length() >= 2
                        && (text.charAt(0) == '"' || text.charAt(0) == '\'')
                        && text.charAt(0) == text.charAt(text.length() - 1);
        return quoted ? text.substring(1, text.length() - 1) : text;
    }

    private static String quoted(String line) {
        return '"' + BuildDirectory.printable(line, SHOWN_CHARS) + '"';
    }

    private static BuildFailed unparsed(String what, int line, String why) {
        return new BuildFailed(what + " does not parse: line " + line + ": " + why);
    }
}
