package dev.paddock.cli;

import dev.paddock.core.UserError;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// The terminal as a screen to draw on and keys to be read one by one. It is given back as it was found, also when a
/// signal ends the process.
final class Terminal implements AutoCloseable {
    /// Alternate screen, no cursor, no wrapping of long lines; and back.
    private static final String ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l";

    private static final String LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";

    /// Cleared first: clearing behind a line that fills the width would take its last character.
    private static final String CLEAR = "\u001b[H\u001b[J";

    private static final long STTY_SECONDS = 5;

    private final PrintStream out;
    private final InputStream keys = new FileInputStream(FileDescriptor.in);
    private final String before;
    private final Thread restoring = new Thread(this::restore, "terminal");
    private boolean left;

    private Terminal(PrintStream out, String before) {
        this.out = out;
        this.before = before;
    }

    /// Whether somebody looks at the output and can press keys.
    static boolean isHere() {
        return isTerminal(0) && isTerminal(1) && !"dumb".equals(System.getenv("TERM"));
    }

    private static boolean isTerminal(int descriptor) {
        try {
            String target =
                    Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
        } catch (IOException e) {
            return false;
        }
    }

    static Terminal open() {
        String before =
                stty("-g")
                        .orElseThrow(() ->
                                new UserError(
                                        "unavailable", "Could not ask the terminal by `stty -g`."));
        Terminal terminal = new Terminal(System.out, before);
        Runtime.getRuntime().addShutdownHook(terminal.restoring);
        // A read returns after a tenth of a second without a key. Ctrl-Z would leave the screen as
        // it is.
        stty("-icanon", "-echo", "min", "0", "time", "1", "susp", "undef");
        terminal.write(ENTER);
        return terminal;
    }

    /// Empty when the terminal is gone.
    Optional<Size> size() {
        return stty("size").map(Size::parse);
    }

    synchronized void draw(List<String> lines) {
        if (left) {
            return;
        }
        write(CLEAR + String.join("\r\n", lines));
    }

    private void write(String text) {
        out.print(text);
        out.flush();
    }

    /// Waits for this key, at most `limit`; other keys are swallowed.
    boolean pressed(char key, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            while (System.nanoTime() < deadline) {
                if (Character.toLowerCase(keys.read()) == key) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            throw new UserError("unavailable", "The terminal is gone: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(restoring);
        restore();
    }

    private synchronized void restore() {
        left = true;
        write(LEAVE);
        stty(before);
    }

    /// What stty printed; empty when it failed.
    private static Optional<String> stty(String... arguments) {
        List<String> command = new ArrayList<>(List.of("stty"));
        command.addAll(List.of(arguments));
        try {
            Process process =
                    new ProcessBuilder(command)
                            .redirectInput(Redirect.INHERIT)
                            .redirectError(Redirect.DISCARD)
                            .start();
            String printed =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            boolean done = process.waitFor(STTY_SECONDS, TimeUnit.SECONDS);
            return done && process.exitValue() == 0
                    ? Optional.of(printed.strip())
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /// In characters.
    record Size(int height, int width) {
        private static final Size USUAL = new Size(24, 80);

        /// Of `stty size`; a terminal that does not know says 0.
        static Size parse(String text) {
            if (!text.matches("[1-9][0-9]{0,4} [1-9][0-9]{0,4}")) {
                return USUAL;
            }
            String[] numbers = text.split(" ", -1);
            return new Size(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]));
        }
    }
}
