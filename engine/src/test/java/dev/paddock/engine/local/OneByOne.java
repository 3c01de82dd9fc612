package dev.paddock.engine.local;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.annotation.Annotation;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Runs the tests of a class in a java of their own and prints what became of each.
final class OneByOne {
    private static final String BEGIN = "\u0001test ";
    private static final String END = "\u0001end";

    private OneByOne() {}

    /// @param failure empty when there was none
    record Outcome(String test, String failure) {}

    static List<Outcome> parse(String said) {
        List<Outcome> outcomes = new ArrayList<>();
        for (String part : said.split(BEGIN, -1)) {
            int name = part.indexOf('\n');
            int end = part.indexOf(END);
            if (name > 0 && end > name) {
                outcomes.add(
                        new Outcome(part.substring(0, name), part.substring(name, end).strip()));
            }
        }
        return outcomes;
    }

    public static void main(String[] arguments) throws ReflectiveOperationException {
        Class<?> tests = Class.forName(arguments[0]);
        callAll(tests, BeforeAll.class);
        for (Method test : methods(tests, Test.class)) {
            System.out.println(BEGIN + test.getName());
            try {
                var constructor = tests.getDeclaredConstructor();
                constructor.setAccessible(true);
                test.invoke(constructor.newInstance());
            } catch (InvocationTargetException e) {
                StringWriter trace = new StringWriter();
                e.printStackTrace(new PrintWriter(trace));
                System.out.println(trace);
            }
            System.out.println(END);
        }
        callAll(tests, AfterAll.class);
        System.exit(0);
    }

    private static void callAll(Class<?> tests, Class<? extends Annotation> mark)
            throws ReflectiveOperationException {
        for (Method method : methods(tests, mark)) {
            method.invoke(null);
        }
    }

    private static List<Method> methods(Class<?> tests, Class<? extends Annotation> mark) {
        return Stream.<Class<?>>iterate(tests, type -> type != Object.class, Class::getSuperclass)
                .flatMap(type -> Stream.of(type.getDeclaredMethods()))
                .filter(method -> method.isAnnotationPresent(mark))
                .peek(method -> method.setAccessible(true))
                .toList();
    }
}
