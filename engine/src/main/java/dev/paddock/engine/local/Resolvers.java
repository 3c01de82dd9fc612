package dev.paddock.engine.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The name servers dynos ask: those of this machine, except ones on its loopback, which a dyno with a network of its
/// own cannot reach.
///
/// @param servers IPv4 addresses
/// @param options the other lines of resolv.conf that matter: search, options
record Resolvers(List<String> servers, List<String> options) {
    /// systemd's stub listens on loopback; the second file names the servers behind it.
    private static final List<Path> SOURCES =
            List.of(Path.of("/etc/resolv.conf"), Path.of("/run/systemd/resolve/resolv.conf"));

    static Resolvers detect() {
        for (Path source : SOURCES) {
            try {
                Resolvers found = parse(Files.readAllLines(source));
                if (!found.servers().isEmpty()) {
                    return found;
                }
            } catch (IOException e) {
                // This machine has no such file; the next one may do.
            }
        }
        return new Resolvers(List.of(), List.of());
    }

    /// Those of programs that share the network of this machine.
    static Resolvers ofThisMachine() {
        try {
            return parse(Files.readAllLines(SOURCES.getFirst()), true);
        } catch (IOException e) {
            return new Resolvers(List.of(), List.of());
        }
    }

    static Resolvers parse(List<String> lines) {
        return parse(lines, false);
    }

    private static Resolvers parse(List<String> lines, boolean loopback) {
        List<String> servers = new ArrayList<>();
        List<String> options = new ArrayList<>();
        for (String line : lines) {
            String[] words = line.strip().split("\\s+", 2);
            if (words.length == 2 && words[0].equals("nameserver")) {
                String server = words[1].strip();
                if (server.matches("[0-9.]+") && (loopback || !server.startsWith("127."))) {
                    servers.add(server);
                }
            } else if (words.length == 2
                    && (words[0].equals("search") || words[0].equals("options"))) {
                options.add(line.strip());
            }
        }
        return new Resolvers(List.copyOf(servers), List.copyOf(options));
    }

    /// The content of a dyno's /etc/resolv.conf.
    String file() {
        StringBuilder text = new StringBuilder();
        servers.forEach(server -> text.append("nameserver ").append(server).append('\n'));
        options.forEach(option -> text.append(option).append('\n'));
        return text.toString();
    }
}
