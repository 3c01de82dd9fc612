package dev.paddock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

@ResourceLock(Resources.SYSTEM_OUT)
@ResourceLock(Resources.SYSTEM_ERR)
class MainTest {
    @TempDir Path folder;

    @Test
    void wrongUsageIsTwo() {
        assertThat(run("--nonsense").status()).isEqualTo(2);
        assertThat(run("up", "--nonsense").status()).isEqualTo(2);
        assertThat(run("nonsense").status()).isEqualTo(2);
        assertThat(run().status()).isEqualTo(2);
    }

    @Test
    void badAddressNamesTheFlag() {
        Result result = run("up", "--http", "8080");

        assertThat(result.status()).isEqualTo(2);
        assertThat(result.err()).contains("--http 8080").contains("HOST:PORT");
        assertThat(result.out()).isEmpty();
    }

    @Test
    void samePortTwiceIsWrongUsage() {
        Result result = run("up", "--http", "127.0.0.1:5000");

        assertThat(result.status()).isEqualTo(2);
        assertThat(result.err()).contains("four different ports");
    }

    @Test
    void aFullDiskIsCalledThatWithoutAStackTrace() {
        StringWriter said = new StringWriter();
        Exception full =
                new UncheckedIOException(
                        "Keeping a key in /data", new IOException("No space left on device"));

        int status = Main.report(full, new PrintWriter(said, true));

        assertThat(status).isEqualTo(1);
        assertThat(said.toString())
                .isEqualTo(
                        "paddock: a disk is full: Keeping a key in /data; make room there and try again\n");
    }

    @Test
    void helpListsEveryCommand() {
        Result result = run("--help");

        assertThat(result.status()).isZero();
        assertThat(result.out())
                .contains("up", "demo", "down", "env", "status", "doctor", "top", "router")
                .contains("backup", "restore");
    }

    @Test
    void backupAndRestoreNeedAFile() {
        assertThat(run("backup").status()).isEqualTo(2);
        assertThat(run("restore").status()).isEqualTo(2);
        assertThat(run("backup", "--help").out()).contains("FILE", "--with-keys", "--data");
        assertThat(run("restore", "--help").out()).contains("FILE", "--keys", "--data");
    }

    @Test
    void eachCommandHasHelpAndVersion() {
        for (String command :
                new String[] {"up", "demo", "down", "env", "status", "doctor", "top"}) {
            assertThat(run(command, "--help").out()).contains("--data");
            assertThat(run(command, "--version").out()).startsWith("paddock ");
        }
    }

    @Test
    void statusOfNothingSaysHowToStart() {
        Result result = run("status", "--data", folder.resolve("none").toString());

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out()).contains("platform   not running");
        assertThat(result.err()).contains("paddock up");
    }

    @Test
    void topOfNothingSaysHowToStart() {
        String nowhere = folder.resolve("none").toString();

        Result result = run("top", "--data", nowhere);

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .contains("No platform runs on " + nowhere)
                .contains("paddock up --data " + nowhere);
    }

    @Test
    void envWithoutPlatformSaysHowToStart() {
        Result result = run("env", "--data", folder.toString());

        assertThat(result.status()).isNotZero();
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).contains("paddock up --data " + folder);
    }

    @Test
    void downSparesDirectoriesThatAreNotOurs() {
        Result result = run("down", "--purge", "--data", folder.toString());

        assertThat(result.status()).isNotZero();
        assertThat(result.err()).contains("is no data directory");
        assertThat(folder).exists();
    }

    private static Result run(String... arguments) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
        ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(outBytes, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(errBytes, true, StandardCharsets.UTF_8));
            int status = Main.run(arguments);
            return new Result(
                    status,
                    outBytes.toString(StandardCharsets.UTF_8),
                    errBytes.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    private record Result(int status, String out, String err) {}
}
