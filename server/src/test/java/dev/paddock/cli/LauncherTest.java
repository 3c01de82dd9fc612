package dev.paddock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs the real launcher against made-up JDKs, which print how they were called.
class LauncherTest {
    private static final String OTHER = "17.0.12";
    private static final String WANTED = "25.0.3";

    @TempDir Path folder;
    private Path checkout;
    private Path jvms;
    private final Map<String, String> environment = new HashMap<>();

    @BeforeEach
    void copyLauncher() throws IOException {
        checkout = Files.createDirectories(folder.resolve("check out"));
        jvms = Files.createDirectories(folder.resolve("jvms"));
        Files.copy(
                Path.of(System.getProperty("basedir", "."), "..", "paddock"),
                checkout.resolve("paddock"),
                java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
        lib(checkout.resolve("server/target/lib"));
        environment.put("PADDOCK_JVM_DIR", jvms.toString());
        environment.put("PATH", "/usr/bin:/bin");
    }

    @Test
    void namedJavaWins() throws Exception {
        Path named = jdk(folder.resolve("mine"), WANTED);
        jdk(jvms.resolve("temurin-25"), WANTED);
        environment.put("PADDOCK_JAVA", named.toString());

        assertThat(run("status").output()).contains("java=" + named + "/bin/java");
    }

    @Test
    void javaBinaryMayBeNamedToo() throws Exception {
        Path named = jdk(folder.resolve("mine"), WANTED);
        environment.put("PADDOCK_JAVA", named.resolve("bin/java").toString());

        assertThat(run("status").output()).contains("java=" + named + "/bin/java");
    }

    @Test
    void namedJavaOfAnotherVersionIsRefused() throws Exception {
        environment.put("PADDOCK_JAVA", jdk(folder.resolve("old"), OTHER).toString());
        jdk(jvms.resolve("temurin-25"), WANTED);

        Result result = run("status");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.output()).contains("PADDOCK_JAVA=").contains("is no JDK 25");
    }

    @Test
    void javaHomeOfAnotherVersionIsPassedOver() throws Exception {
        environment.put("JAVA_HOME", jdk(folder.resolve("old"), OTHER).toString());
        Path installed = jdk(jvms.resolve("temurin-25"), WANTED);

        assertThat(run("status").output()).contains("java=" + installed + "/bin/java");
    }

    @Test
    void folderNameDoesNotDecide() throws Exception {
        jdk(jvms.resolve("not-really-25"), OTHER);
        Path bin = Files.createDirectories(folder.resolve("bin"));
        Path onPath = jdk(folder.resolve("on-path"), WANTED);
        Files.createSymbolicLink(bin.resolve("java"), onPath.resolve("bin/java"));
        environment.put("PATH", bin + ":/usr/bin:/bin");

        assertThat(run("status").output()).contains("java=" + onPath + "/bin/java");
    }

    @Test
    void missingJdkIsExplained() throws Exception {
        environment.put("PATH", emptyPath().toString());

        Result result = run("status");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.output())
                .contains("found no JDK 25")
                .contains(jvms + "/*25*")
                .contains("PADDOCK_JAVA");
    }

    @Test
    void runsFromAnywhereAndThroughLinks() throws Exception {
        jdk(jvms.resolve("temurin-25"), WANTED);
        Path link = Files.createSymbolicLink(folder.resolve("pd"), checkout.resolve("paddock"));
        Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));

        Result result = run(link, elsewhere, "status", "--data", "a b");

        assertThat(result.output())
                .contains("home=" + checkout.toRealPath())
                .contains("cwd=" + elsewhere.toRealPath())
                .contains("arg=dev.paddock.cli.Main\narg=status\narg=--data\narg=a b\n");
    }

    @Test
    void findsItselfWhateverTheShellSearchesFolders() throws Exception {
        jdk(jvms.resolve("temurin-25"), WANTED);
        Path decoys = folder.resolve("decoys");
        Files.createDirectories(decoys.resolve(checkout.getFileName()));
        environment.put("CDPATH", decoys.toString());
        Path launcher = folder.relativize(checkout.resolve("paddock"));

        Result result = run(launcher, folder, "status");

        assertThat(result.output()).contains("home=" + checkout.toRealPath() + "\n");
    }

    @Test
    void findsTheProgramsOfRootWhereTheShellDoesNotLook() throws Exception {
        jdk(jvms.resolve("temurin-25"), WANTED);

        assertThat(run("up").output())
                .contains("path=/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin\n");
    }

    @Test
    void platformsFilesCanBeReadUnderAStrictUmaskToo() throws Exception {
        jdk(jvms.resolve("temurin-25"), WANTED);
        Path strict = folder.resolve("strict");
        script(strict, "umask 077; exec '%s' up\n".formatted(checkout.resolve("paddock")));

        assertThat(run(strict, folder).output()).contains("umask=0022\n");
    }

    @Test
    void pathThatJavaWouldSplitIsRefused() throws Exception {
        jdk(jvms.resolve("temurin-25"), WANTED);
        Path split = Files.createDirectory(folder.resolve("check:out")).resolve("paddock");
        Files.copy(
                checkout.resolve("paddock"),
                split,
                java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);

        Result result = run(split, folder, "up");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.output()).contains("check:out has a colon in its path");
    }

    /// Each would be a hundredth of its start.
    @Test
    void routerStartsNoOtherProgramThanJava() throws Exception {
        jdk(jvms.resolve("temurin-25"), WANTED);
        Path onlyJava = Files.createDirectory(folder.resolve("only java"));
        Files.createSymbolicLink(onlyJava.resolve("java"), Path.of("/bin/true"));
        environment.put("PATH", onlyJava.toString());

        Result result = run("router", "--http", "127.0.0.1:1");

        assertThat(result.output())
                .contains("arg=dev.paddock.router.RouterMain\n")
                .doesNotContain("not found");
    }

    @Test
    void becomesTheJavaProcess() throws Exception {
        jdk(jvms.resolve("temurin-25"), WANTED);

        Result result = run("up");

        assertThat(result.output()).contains("pid=" + result.pid() + "\n");
    }

    @Test
    void routerLoadsOnlyItsOwnLibraries() throws Exception {
        jdk(jvms.resolve("temurin-25"), WANTED);

        String output = run("router", "--http", "127.0.0.1:1").output();

        assertThat(output)
                .contains("arg=" + checkout.toRealPath() + "/server/target/lib/router/netty.jar\n")
                .contains("arg=dev.paddock.router.RouterMain\narg=--http\n")
                .doesNotContain("dev.paddock.cli.Main");
    }

    @Test
    void folderThatCannotBeWrittenDoesNotMatter() throws Exception {
        jdk(jvms.resolve("temurin-25"), WANTED);
        // Root may write everywhere, but nobody makes a directory below a file.
        Files.createFile(checkout.resolve("server/target/archives"));

        Result result = run("status");

        assertThat(result.status()).isZero();
        assertThat(result.output()).doesNotContain("SharedArchiveFile");
    }

    @Test
    void buildsOnceWhenNothingIsBuilt() throws Exception {
        Path jdk = jdk(jvms.resolve("temurin-25"), WANTED);
        delete(checkout.resolve("server/target/lib"));
        script(
                checkout.resolve("mvnw"),
                """
                echo "mvnw $* with $JAVA_HOME"
                mkdir -p server/target/lib/router
                touch server/target/lib/paddock-server-1.jar
                """);

        Result first = run("status");
        Result second = run("status");

        assertThat(first.output())
                .contains("building once with " + jdk)
                .contains("mvnw -q -DskipTests package with " + jdk)
                .contains("arg=status");
        assertThat(second.output()).contains("arg=status").doesNotContain("mvnw");
    }

    @Test
    void firstStartPreparesTheLaterOnes() throws Exception {
        jdk(jvms.resolve("temurin-25"), WANTED);
        Path archives = checkout.toRealPath().resolve("server/target/archives");

        Result first = run("up", "--no-install");
        Result second = run("up");

        assertThat(first.output())
                .contains("preparing fast starts")
                .contains("arg=-XX:AOTCache=" + archives + "/up.aot\n");
        assertThat(archives.resolve("up.aot")).hasContent("classes");
        assertThat(Files.readString(archives.resolve("prepare.log")))
                .contains("arg=prepare\narg=--no-install\n");
        assertThat(second.output()).doesNotContain("preparing").contains("arg=up\n");
    }

    @Test
    void newBuildIsPreparedAnew() throws Exception {
        jdk(jvms.resolve("temurin-25"), WANTED);
        run("up");
        Path jar = checkout.resolve("server/target/lib/paddock-server-1.jar");
        Files.setLastModifiedTime(jar, FileTime.from(Instant.now().plus(Duration.ofMinutes(1))));

        assertThat(run("up").output()).contains("preparing fast starts");
    }

    @Test
    void startGoesOnWhenItCannotBePrepared() throws Exception {
        Path jdk = jdk(jvms.resolve("temurin-25"), WANTED);
        Files.createFile(jdk.resolve("bin/java.broken"));

        Result first = run("up");
        Result second = run("up");

        assertThat(first.output()).contains("going on without").contains("arg=up\n");
        assertThat(second.output()).doesNotContain("preparing").contains("arg=up\n");
    }

    @Test
    void failedBuildEndsWithStatusOne() throws Exception {
        jdk(jvms.resolve("temurin-25"), WANTED);
        delete(checkout.resolve("server/target/lib"));
        script(checkout.resolve("mvnw"), "echo broken; exit 1\n");

        Result result = run("up");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.output()).contains("broken").contains("the build failed");
    }

    private Path emptyPath() throws IOException {
        Path bin = Files.createDirectories(folder.resolve("few"));
        for (String tool : List.of("sh", "dirname", "readlink", "cat")) {
            Files.createSymbolicLink(bin.resolve(tool), Path.of("/usr/bin", tool));
        }
        return bin;
    }

    private static void lib(Path lib) throws IOException {
        Files.createDirectories(lib.resolve("router"));
        Files.createFile(lib.resolve("router/netty.jar"));
        Files.createFile(lib.resolve("paddock-server-1.jar"));
    }

    private static Path jdk(Path home, String version) throws IOException {
        Files.createDirectories(home.resolve("bin"));
        Files.writeString(
                home.resolve("release"),
                "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\nOS_NAME=\"Linux\"\n");
        script(
                home.resolve("bin/java"),
                """
                echo "java=$0"
                echo "pid=$$"
                echo "cwd=$(pwd -P)"
                echo "home=$PADDOCK_HOME"
                echo "path=$PATH"
                echo "umask=$(umask)"
                for a in "$@"; do
                    echo "arg=$a"
                    case $a in -XX:AOTCacheOutput=*) [ -e "$0.broken" ] || echo classes >"${a#*=}" ;; esac
                done
                [ ! -e "$0.broken" ] || exit 3
                """);
        Files.createSymbolicLink(home.resolve("bin/javac"), home.resolve("bin/java"));
        return home;
    }

    private static void script(Path file, String text) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static void delete(Path tree) throws IOException {
        try (var files = Files.walk(tree)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private Result run(String... arguments) throws Exception {
        return run(checkout.resolve("paddock"), folder, arguments);
    }

    private Result run(Path launcher, Path directory, String... arguments) throws Exception {
        List<String> command = new java.util.ArrayList<>(List.of(launcher.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), output, process.pid());
    }

    private record Result(int status, String output, long pid) {}
}
