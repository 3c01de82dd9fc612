package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The script that runs a dyno's command, here without a dyno: as `bash -c` would run it, but the shell is gone.
class LaunchScriptTest {
    @TempDir Path directory;

    private record Ended(int status, String output, long pid) {}

    private Ended run(String command) throws IOException, InterruptedException {
        Path script = directory.resolve("launch");
        try (InputStream text = HostStack.class.getResourceAsStream("launch.sh")) {
            Files.write(script, text.readAllBytes());
        }
        Process process =
                new ProcessBuilder("/bin/bash", script.toString(), command)
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), output.strip(), process.pid());
    }

    @ParameterizedTest
    @CsvSource({
        "cat /proc/self/stat",
        "/bin/cat /proc/self/stat",
        "exec cat /proc/self/stat",
        "NAME=value cat /proc/self/stat",
        "env NAME=value cat /proc/self/stat",
    })
    void programTakesTheShellsPlace(String command) throws Exception {
        Ended ended = run(command);

        assertThat(ended.output()).startsWith(ended.pid() + " (cat)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "printf '<%s>' \"a b\" c$((1+1))        | 0   | <a b><c2>",
                "env printf '<%s>' \"a b\" c            | 0   | <a b><c>",
                "env printf %s $# \"$@\"                | 0   | 0",
                "echo hi                                | 0   | hi",
                "echo hi && echo you                    | 0   | 'hi\nyou'",
                "NAME=value printenv NAME               | 0   | value",
                "cd /                                   | 0   | ''",
                "exit 3                                 | 3   | ''",
                "false                                  | 1   | ''",
                "! true                                 | 1   | ''",
                "true # and nothing else                | 0   | ''",
                "' true'                                | 0   | ''",
                "./mine now                             | 7   | mine now",
            })
    void commandMeansWhatItMeansToBash(String command, int status, String output) throws Exception {
        Path mine = directory.resolve("mine");
        Files.writeString(mine, "#!/bin/sh\necho mine \"$@\"\nexit 7\n");
        mine.toFile().setExecutable(true);

        Ended ended = run(command);

        assertThat(ended.status()).isEqualTo(status);
        assertThat(ended.output()).isEqualTo(output);
    }

    @Test
    void timeIsAWordOfTheShell() throws Exception {
        assertThat(run("time true").output()).contains("real", "user", "sys");
    }

    @ParameterizedTest
    @CsvSource({
        "no-such-program, 127, no-such-program: command not found",
        "./no-such-program, 127, ./no-such-program: No such file or directory",
        "exec no-such-program, 127, no-such-program: not found",
        "/tmp, 126, /tmp: Is a directory",
        "./data, 126, ./data: Permission denied",
    })
    void whatCannotBeRunIsSaid(String command, int status, String message) throws Exception {
        Files.writeString(directory.resolve("data"), "no program\n");

        Ended ended = run(command);

        assertThat(ended.status()).isEqualTo(status);
        assertThat(ended.output()).endsWith(message);
    }
}
