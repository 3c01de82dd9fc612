package dev.paddock.routes;

import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.function.Consumer;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.json.JsonFactory;

/// Reads JSON value by value and says in which place something does not fit. For one thread.
final class JsonReader {
    static final JsonFactory FACTORY = new JsonFactory();

    private final JsonParser parser;
    private String repeated = "";

    private JsonReader(JsonParser parser) {
        this.parser = parser;
    }

    /// Reads one document whole: `reading` takes its value, nothing may follow it.
    ///
    /// @throws IllegalArgumentException when the text is no JSON or does not fit, naming the place
    /// @throws IOException when the stream fails
    static void read(InputStream json, Consumer<JsonReader> reading) throws IOException {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), json)) {
            if (parser.nextToken() == null) {
                throw new IllegalArgumentException("it is empty; wanted a JSON object");
            }
            JsonReader reader = new JsonReader(parser);
            reading.accept(reader);
            if (parser.nextToken() != null) {
                throw reader.unfit("the end of the text");
            }
        } catch (JacksonIOException broken) {
            throw broken.getCause();
        } catch (tools.jackson.core.JacksonException noJson) {
            throw new IllegalArgumentException(
                    "it is no JSON: "
                            + noJson.getOriginalMessage()
                            + " at line "
                            + noJson.getLocation().getLineNr()
                            + ", column "
                            + noJson.getLocation().getColumnNr(),
                    noJson);
        }
    }

    /// Calls `field` with each name; it must take or skip the value.
    void object(Consumer<String> field) {
        expect(JsonToken.START_OBJECT, "an object");
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            field.accept(name);
        }
    }

    /// Calls `element` for each element; it must take or skip the value.
    void array(Runnable element) {
        expect(JsonToken.START_ARRAY, "an array");
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            element.run();
        }
    }

    void skip() {
        parser.skipChildren();
    }

    boolean isNull() {
        return parser.currentToken() == JsonToken.VALUE_NULL;
    }

    String string() {
        expect(JsonToken.VALUE_STRING, "a string");
        return parser.getString();
    }

    /// As [#string], where the same text often comes again and again: it is kept once.
    String repeatedString() {
        String text = string();
        if (!text.equals(repeated)) {
            repeated = text;
        }
        return repeated;
    }

    boolean bool() {
        if (parser.currentToken() == JsonToken.VALUE_TRUE) {
            return true;
        }
        expect(JsonToken.VALUE_FALSE, "true or false");
        return false;
    }

    int integer(int least) {
        return (int) longInteger(least, Integer.MAX_VALUE);
    }

    long longInteger(long least, long most) {
        if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
            throw unfit("a whole number");
        }
        long value = parser.getLongValue();
        if (value < least || value > most) {
            throw unfit("a whole number from " + least + " to " + most);
        }
        return value;
    }

    double number() {
        if (parser.currentToken() == null || !parser.currentToken().isNumeric()) {
            throw unfit("a number");
        }
        return parser.getDoubleValue();
    }

    /// One of the labels of an enum, written in lower case and with `separator` between words.
    <E extends Enum<E>> E label(Class<E> type, char separator) {
        String text = string();
        StringBuilder choice = new StringBuilder();
        for (E label : type.getEnumConstants()) {
            String written = label.name().toLowerCase(Locale.ROOT).replace('_', separator);
            if (written.equals(text)) {
                return label;
            }
            choice.append(choice.isEmpty() ? "" : ", ").append(written);
        }
        throw unfit("one of " + choice);
    }

    /// What to throw when the current value is not what was wanted.
    IllegalArgumentException unfit(String wanted) {
        String place = parser.streamReadContext().pathAsPointer().toString();
        return new IllegalArgumentException(
                (place.isEmpty() ? "the document" : place)
                        + " does not fit: wanted "
                        + wanted
                        + ", found "
                        + describe());
    }

    private void expect(JsonToken token, String wanted) {
        if (parser.currentToken() != token) {
            throw unfit(wanted);
        }
    }

    private String describe() {
        JsonToken token = parser.currentToken();
        if (token == null) {
            return "nothing";
        }
        return switch (token) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "an array";
            case VALUE_STRING -> "a string";
            case VALUE_NULL -> "null";
            case VALUE_TRUE, VALUE_FALSE -> "a boolean";
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "the number " + parser.getString();
            case END_OBJECT, END_ARRAY, PROPERTY_NAME, NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT ->
                    "something else";
        };
    }
}
