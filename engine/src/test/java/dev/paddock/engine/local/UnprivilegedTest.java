package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// What an ordinary user gets: these tests run in a java of such a user, and are reported here one by one.
class UnprivilegedTest {
    /// One that every Debian has, and whose group has another number.
    private static final String USER = "games";

    @TempDir Path folder;

    @TestFactory
    Stream<DynamicTest> sandboxes() throws IOException, InterruptedException {
        assumeTrue(Command.find("bwrap").isPresent(), "skipped: bubblewrap is not installed");
        return asUser(SandboxContract.class);
    }

    @TestFactory
    Stream<DynamicTest> plainProcesses() throws IOException, InterruptedException {
        return asUser(PlainContract.class);
    }

    private Stream<DynamicTest> asUser(Class<?> tests) throws IOException, InterruptedException {
        assumeTrue(
                "root".equals(System.getProperty("user.name")),
                "skipped: to become a user needs root");
        Path home = Files.createDirectory(folder.resolve("home"));
        List<String> words = new ArrayList<>(List.of("runuser", "-u", USER, "--"));
        words.add(System.getProperty("java.home") + "/bin/java");
        words.addAll(
                List.of(
                        "-Xmx256m",
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED"));
        words.addAll(List.of("-Djava.io.tmpdir=" + home, "-cp", copiedClassPath()));
        words.addAll(List.of(OneByOne.class.getName(), tests.getName()));
        run("chown", USER, home.toString());
        run("chmod", "755", folder.toString());
        Path output = folder.resolve("output");
        Process java =
                new ProcessBuilder(words)
                        .directory(home.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        int status = java.waitFor();
        String said = Files.readString(output, StandardCharsets.UTF_8);
        List<OneByOne.Outcome> outcomes = OneByOne.parse(said);
        if (status != 0 || outcomes.isEmpty()) {
            fail("java of %s ended with status %d:%n%s", USER, status, said);
        }
        return outcomes.stream()
                .map(outcome ->
                        DynamicTest.dynamicTest(
                                outcome.test(),
                                () -> {
                                    if (!outcome.failure().isEmpty()) {
                                        fail(outcome.failure());
                                    }
                                }));
    }

    /// Where the user may read it.
    private String copiedClassPath() throws IOException, InterruptedException {
        List<String> copies = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            if (!entry.isEmpty() && Files.exists(Path.of(entry))) {
                Path copy =
                        folder.resolve(
                                "path-" + copies.size() + "-" + Path.of(entry).getFileName());
                run("cp", "-r", entry, copy.toString());
                copies.add(copy.toString());
            }
        }
        run("chmod", "-R", "a+rX", folder.toString());
        return String.join(File.pathSeparator, copies);
    }

    private static void run(String... words) throws IOException, InterruptedException {
        if (new ProcessBuilder(words).inheritIO().start().waitFor() != 0) {
            fail(String.join(" ", words));
        }
    }
}
