package dev.paddock.engine.local;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// The stack `host`: the file system that dynos see, read-only, made of the programs of this machine and of those
/// files of /etc that programs need and that tell nothing. Its root is a directory of mount points, links and small
/// copies; the rest is bound over it.
final class HostStack {
    static final String INIT = "/.init";
    static final String LAUNCH = "/.launch";

    /// Empty, but in dynos that began as spares.
    static final String NAME = "/.name";

    private static final Path HOST = Path.of("/");
    private static final List<String> POINTS =
            List.of(
                    "proc",
                    "sys/fs/cgroup",
                    "dev",
                    "tmp",
                    "app",
                    "etc",
                    "run",
                    "var",
                    "mnt",
                    "home",
                    "usr");
    private static final List<String> SYSTEM =
            List.of("bin", "sbin", "lib", "lib32", "lib64", "libx32");
    private static final List<String> COPIED =
            List.of(
                    "ld.so.cache",
                    "ld.so.conf",
                    "localtime",
                    "timezone",
                    "protocols",
                    "services",
                    "rpc",
                    "host.conf",
                    "gai.conf",
                    "mime.types",
                    "magic",
                    "magic.mime",
                    "os-release",
                    "debian_version",
                    "lsb-release",
                    "redhat-release",
                    "locale.alias",
                    "locale.conf",
                    "bash.bashrc",
                    "inputrc",
                    "shells",
                    "npmrc",
                    "pip.conf",
                    "ssl/openssl.cnf",
                    "ca-certificates.conf",
                    "maven/m2.conf",
                    "maven/logging/simplelogger.properties");

    /// Where this machine's distribution gets its packages, for builds that want more of them.
    private static final List<String> PACKAGE_SOURCES =
            List.of(
                    "apt/sources.list",
                    "apt/sources.list.d/debian.sources",
                    "apt/sources.list.d/ubuntu.sources");

    private static final Pattern PASSWORD = Pattern.compile("://[^/\\s]*@");
    private static final List<String> BOUND =
            List.of(
                    "ssl/certs",
                    "alternatives",
                    "ca-certificates",
                    "fonts",
                    "terminfo",
                    "perl",
                    "pki/tls",
                    "pki/ca-trust",
                    "crypto-policies",
                    "xml",
                    "apt/trusted.gpg.d",
                    "apt/keyrings");
    private static final List<String> BOUND_PREFIXES = List.of("java", "python3", "ImageMagick");

    /// All that dynos see of /sys besides their cgroup: how many processors there are, and where memory is. Runtimes
    /// size their pools by it; the rest of /sys is about a machine that is none of theirs.
    private static final List<String> DEVICES =
            List.of("sys/devices/system/cpu", "sys/devices/system/node");

    /// Which packages the stack is made of, so that builds need not fetch those again.
    private static final Path INSTALLED_PACKAGES = Path.of("/var/lib/dpkg/status");

    private static final Path EXTRA_FILES = Path.of("etc/host-files");

    private final Path root;
    private final List<Path> bound = new ArrayList<>();

    HostStack(Path root) {
        this.root = root;
    }

    Path root() {
        return root;
    }

    /// Host directories that belong at the same place of the tree, read-only.
    List<Path> bound() {
        return bound;
    }

    /// Builds the root, or brings it up to date while dynos are using it.
    void build(Resolvers resolvers) {
        Directory.create(root, "rwxr-xr-x");
        POINTS.forEach(point -> Directory.create(root.resolve(point), "rwxr-xr-x"));
        DEVICES.forEach(this::bind);
        link(root.resolve("var/tmp"), Path.of("/tmp"));
        bind("usr");
        for (String directory : SYSTEM) {
            Path host = HOST.resolve(directory);
            if (Files.isSymbolicLink(host)) {
                copyLink(host, root.resolve(directory));
            } else if (Files.isDirectory(host)) {
                bind(directory);
            }
        }
        COPIED.forEach(file -> copy(Path.of("/etc", file), "etc/" + file));
        PACKAGE_SOURCES.stream()
                .filter(HostStack::tellsNothing)
                .forEach(file -> copy(Path.of("/etc", file), "etc/" + file));
        copy(INSTALLED_PACKAGES, "etc/apt/stack-packages");
        BOUND.forEach(directory -> bind("etc/" + directory));
        for (String name : Directory.names(Path.of("/etc"))) {
            if (BOUND_PREFIXES.stream().anyMatch(name::startsWith)) {
                bind("etc/" + name);
            }
        }
        write("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n", "rw-r--r--");
        write("etc/resolv.conf", resolvers.file(), "rw-r--r--");
        for (String perDyno : List.of("etc/passwd", "etc/group", "etc/hosts")) {
            write(perDyno, "", "rw-r--r--");
        }
        Command.find("tini").ifPresent(init -> copy(init, INIT.substring(1)));
        write(LAUNCH.substring(1), resource("launch.sh"), "rwxr-xr-x");
        write(NAME.substring(1), "", "rw-r--r--");
    }

    /// Makes a place for a mount, where there is none: once the tree is read-only runc cannot.
    void point(Path source, String target) {
        Path point = root.resolve(target.substring(1));
        if (Files.isDirectory(source)) {
            Directory.create(point, "rwxr-xr-x");
        } else if (Files.exists(source) && !Files.exists(point)) {
            Directory.create(point.resolveSibling("."), "rwxr-xr-x");
            write(target.substring(1), "", "rw-r--r--");
        }
    }

    /// A file of the host as dynos see it: at its own place where the stack shows that, else as a copy.
    Optional<String> visible(Path file) {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            return Optional.empty();
        }
        if (bound.stream().anyMatch(file::startsWith)) {
            return Optional.of(file.toString());
        }
        String name =
                EXTRA_FILES.resolve(file.toString().substring(1).replace('/', '-')).toString();
        copy(file, name);
        return Optional.of("/" + name);
    }

    /// Whether a file of /etc holds no password.
    private static boolean tellsNothing(String name) {
        Path file = Path.of("/etc", name);
        try {
            return Files.isRegularFile(file)
                    && Files.isReadable(file)
                    && !PASSWORD.matcher(Files.readString(file)).find();
        } catch (IOException e) {
            throw failed(file, e);
        }
    }

    private void bind(String name) {
        Path host = HOST.resolve(name);
        if (Files.isDirectory(host)) {
            Directory.create(root.resolve(name), "rwxr-xr-x");
            bound.add(host);
        }
    }

    private void copy(Path host, String name) {
        Path target = root.resolve(name);
        try {
            if (Files.isSymbolicLink(host)
                    && Files.readSymbolicLink(host).toString().contains("usr/")) {
                Directory.create(target.resolveSibling("."), "rwxr-xr-x");
                copyLink(host, target);
            } else if (Files.isRegularFile(host) && Files.isReadable(host)) {
                Directory.create(target.resolveSibling("."), "rwxr-xr-x");
                Path fresh = target.resolveSibling(target.getFileName() + ".new");
                Files.copy(host, fresh, StandardCopyOption.REPLACE_EXISTING);
                Files.setPosixFilePermissions(
                        fresh,
                        PosixFilePermissions.fromString(
                                Files.isExecutable(host) ? "rwxr-xr-x" : "rw-r--r--"));
                Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
            }
        } catch (IOException e) {
            throw failed(target, e);
        }
    }

    private void write(String name, String content, String permissions) {
        Path target = root.resolve(name);
        try {
            if (Files.exists(target) && Files.readString(target).equals(content)) {
                return;
            }
            Path fresh = target.resolveSibling(target.getFileName() + ".new");
            Files.writeString(fresh, content);
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString(permissions));
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw failed(target, e);
        }
    }

    private static void copyLink(Path host, Path target) {
        try {
            link(target, Files.readSymbolicLink(host));
        } catch (IOException e) {
            throw failed(target, e);
        }
    }

    private static void link(Path from, Path target) {
        try {
            if (!Files.exists(from, LinkOption.NOFOLLOW_LINKS)) {
                Files.createSymbolicLink(from, target);
            }
        } catch (IOException e) {
            throw failed(from, e);
        }
    }

    private static String resource(String name) {
        try (InputStream stream = HostStack.class.getResourceAsStream(name)) {
            if (stream == null) {
                throw new IllegalStateException(name + " is missing from this program");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static UncheckedIOException failed(Path target, IOException cause) {
        return new UncheckedIOException(
                "cannot build the stack at " + target + ": " + cause.getMessage(), cause);
    }
}
