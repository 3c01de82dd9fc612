package dev.paddock.git;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The real git program against the endpoint.
class GitEndpointTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration IDLE = Duration.ofSeconds(1);

    @TempDir private Path directory;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private FakePushTarget target;
    private GitServer server;
    private Path tree;
    private String url;

    @BeforeEach
    void startServer() throws Exception {
        target = new FakePushTarget(directory);
        server = new GitServer(target, IDLE);
        tree = Files.createDirectory(directory.resolve("work"));
        url = server.url("shop", FakePushTarget.KEY);
        git("init", "-q", "-b", "main");
        commit("first", "Procfile", "web: a\n");
    }

    @AfterEach
    void stopServer() throws Exception {
        threads.shutdownNow();
        server.close();
    }

    private Process start(String... words) throws IOException {
        List<String> command = new ArrayList<>(List.of("git", "-c", "credential.helper="));
        command.addAll(Arrays.asList(words));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(tree.toFile()).redirectErrorStream(true);
        var environment = builder.environment();
        environment.put("HOME", directory.toString());
        environment.put("GIT_CONFIG_NOSYSTEM", "1");
        environment.put("GIT_TERMINAL_PROMPT", "0");
        for (String role : List.of("AUTHOR", "COMMITTER")) {
            environment.put("GIT_" + role + "_NAME", "Dev");
            environment.put("GIT_" + role + "_EMAIL", "dev@example.com");
        }
        Process process = builder.start();
        process.getOutputStream().close();
        return process;
    }

    private Ran git(String... words) throws IOException, InterruptedException {
        Process process = start(words);
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        return new Ran(process.exitValue(), output);
    }

    private record Ran(int status, String output) {}

    private void commit(String message, String file, String content) throws Exception {
        Path path = tree.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, content);
        git("add", "-A");
        assertThat(git("commit", "-q", "-m", message).status()).isZero();
    }

    private String head() throws Exception {
        return git("rev-parse", "HEAD").output().strip();
    }

    private String remote(String ref) throws Exception {
        String listed = git("ls-remote", url, ref).output();
        return listed.isEmpty() ? "" : listed.substring(0, listed.indexOf('\t'));
    }

    private HttpResponse<String> get(String path) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    void aPushToMainDeploysItsTreeAndShowsTheOutput() throws Exception {
        Files.createSymbolicLink(tree.resolve("link"), Path.of("Procfile"));
        Files.createSymbolicLink(tree.resolve("long-link"), Path.of("t/".repeat(80) + "t"));
        String deep = "d/".repeat(60) + "a-file-ä";
        commit("second", deep, "deep\n");
        commit("executable", "run", "#!/bin/sh\n");
        Files.setPosixFilePermissions(
                tree.resolve("run"), PosixFilePermissions.fromString("rwxr-xr-x"));
        commit("sizes: 512 and 0", "block", "x".repeat(512));
        commit("third", "empty", "");
        target.builds((unpacked, output) -> {
            output.accept("-----> Building");
            assertThat(compare(unpacked)).isEmpty();
            return true;
        });

        Ran push = git("push", url, "main");

        assertThat(push.status()).as(push.output()).isZero();
        assertThat(push.output()).contains("remote: -----> Building", "main -> main");
        assertThat(target.deployed()).containsExactly("third");
        assertThat(target.pushes.getFirst().origin().version()).isEqualTo(head());
        assertThat(remote("refs/heads/main")).isEqualTo(head());
        assertThat(target.sizes()).allMatch(size -> size > 0).hasSize(1);
    }

    private String compare(Path unpacked) {
        try {
            Process process =
                    new ProcessBuilder(
                                    "diff",
                                    "-r",
                                    "--no-dereference",
                                    "--exclude=.git",
                                    tree.toString(),
                                    unpacked.toString())
                            .redirectErrorStream(true)
                            .start();
            String difference = new String(process.getInputStream().readAllBytes(), UTF_8);
            boolean executable = Files.isExecutable(unpacked.resolve("run"));
            return difference + (executable ? "" : "run is not executable");
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    void outputIsLiveAndASilentBuildKeepsItsConnection() throws Exception {
        CountDownLatch seen = new CountDownLatch(1);
        target.builds((_, output) -> {
            output.accept("early");
            assertThat(seen.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
            // Longer than the server lets a connection idle.
            new CountDownLatch(1).await(IDLE.toMillis() * 3, TimeUnit.MILLISECONDS);
            output.accept("late");
            return true;
        });
        Process push = start("push", url, "main");
        StringBuilder output = new StringBuilder();

        try (var reader = push.inputReader()) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                output.append(line).append('\n');
                if (line.contains("early")) {
                    seen.countDown();
                }
            }
        }

        assertThat(push.waitFor()).as(output.toString()).isZero();
        assertThat(output).contains("remote: late", "main -> main");
    }

    @Test
    void aFailedBuildLeavesTheRefForTheNextPush() throws Exception {
        target.builds((_, output) -> {
            output.accept(" !     something 4711");
            return false;
        });

        Ran refused = git("push", url, "main");

        assertThat(refused.status()).isNotZero();
        assertThat(refused.output())
                .contains("something 4711", "[remote rejected]", "pre-receive hook declined");
        assertThat(remote("refs/heads/main")).isEmpty();

        target.builds((_, _) -> true);
        assertThat(git("push", url, "main").status()).isZero();
        assertThat(target.deployed()).containsExactly("first", "first");
    }

    @Test
    void aBuildThatBreaksThePlatformRejectsThePush() throws Exception {
        target.builds((_, _) -> {
            throw new IllegalStateException("broken");
        });

        Ran refused = git("push", url, "main");

        assertThat(refused.status()).isNotZero();
        assertThat(refused.output()).contains("The platform failed to deploy this push");
        assertThat(refused.output()).doesNotContain("broken");
    }

    @Test
    void aFullDiskIsCalledThatWhetherAFileOrTheDatabaseFails() throws Exception {
        target.builds((_, _) -> {
            throw new UncheckedIOException(new IOException("No space left on device"));
        });
        assertThat(git("push", url, "main").output()).contains("The disk of the machine");

        target.failsWith(
                new IllegalStateException(
                        "Asking the database", new SQLException("could not extend", "53100")));
        Ran refused = git("push", url, "main");

        assertThat(refused.status()).isNotZero();
        assertThat(refused.output()).contains("503", "The disk of the machine");
    }

    @Test
    void otherBranchesAndTagsAreStoredOnly() throws Exception {
        git("tag", "v1");

        Ran push = git("push", url, "main:refs/heads/feature", "v1");

        assertThat(push.status()).as(push.output()).isZero();
        assertThat(push.output()).contains("Pushed to non-main branch, skipping build: feature");
        assertThat(target.deployed()).isEmpty();
        assertThat(remote("refs/heads/feature")).isEqualTo(head());
        assertThat(remote("refs/tags/v1")).isEqualTo(head());
        assertThat(git("push", url, ":feature").status()).isZero();
        assertThat(remote("refs/heads/feature")).isEmpty();
    }

    @Test
    void anotherBranchCanBeDeployedAsMaster() throws Exception {
        git("checkout", "-qb", "feature");
        commit("on feature", "f", "f");

        assertThat(git("push", url, "feature:master").status()).isZero();

        assertThat(target.deployed()).containsExactly("on feature");
        Path clone = directory.resolve("clone");
        assertThat(git("clone", "-q", url, clone.toString()).output()).isEmpty();
        assertThat(clone.resolve("f")).hasContent("f");
    }

    @Test
    void ofMainAndMasterTogetherMainIsDeployed() throws Exception {
        git("branch", "master");
        commit("main's", "m", "m");

        Ran push = git("push", url, "master", "main");

        assertThat(push.status()).as(push.output()).isZero();
        assertThat(push.output()).contains("deploying main, master is only stored");
        assertThat(target.deployed()).containsExactly("main's");
        assertThat(remote("refs/heads/master")).isNotEmpty();
    }

    @Test
    void aForcedPushDeploysAndDeletingMainIsRefused() throws Exception {
        assertThat(git("push", url, "main").status()).isZero();
        git("commit", "-q", "--amend", "-m", "rewritten");

        assertThat(git("push", url, "main").status()).isNotZero();
        assertThat(git("push", "-f", url, "main").status()).isZero();
        Ran deletion = git("push", url, ":main");

        assertThat(target.deployed()).containsExactly("first", "rewritten");
        assertThat(deletion.status()).isNotZero();
        assertThat(deletion.output()).contains("The branch main cannot be deleted");
        assertThat(remote("refs/heads/main")).isEqualTo(head());
    }

    @Test
    void whatIsNoCommitIsRefused() throws Exception {
        String blob = git("rev-parse", "HEAD:Procfile").output().strip();

        Ran refused = git("push", url, blob + ":refs/heads/main");

        assertThat(refused.status()).isNotZero();
        assertThat(target.deployed()).isEmpty();
    }

    @Test
    void submodulesAreRefusedByName() throws Exception {
        git("update-index", "--add", "--cacheinfo", "160000," + head() + ",vendor/lib");
        git("commit", "-q", "-m", "with a submodule");

        Ran push = git("push", url, "main");

        assertThat(push.status()).isNotZero();
        assertThat(push.output()).contains("vendor/lib is a git submodule");
        assertThat(target.deployed()).isEmpty();
    }

    private String write(String input, String... words) throws Exception {
        Path file = Files.writeString(directory.resolve("input"), input);
        ProcessBuilder builder =
                new ProcessBuilder(words).directory(tree.toFile()).redirectInput(file.toFile());
        Process process = builder.start();
        return new String(process.getInputStream().readAllBytes(), UTF_8).strip();
    }

    private String commitOf(String rootTree) throws Exception {
        return git("commit-tree", "-m", "odd", rootTree).output().strip();
    }

    @Test
    void aTreeOfMoreFilesThanAnyoneCanUnpackIsRefused() throws Exception {
        String blob = git("rev-parse", "HEAD:Procfile").output().strip();
        String level = write("100644 blob " + blob + "\tfile\n", "git", "mktree");
        for (int depth = 0; depth < 10; depth++) {
            StringBuilder entries = new StringBuilder();
            for (int i = 0; i < 10; i++) {
                entries.append("040000 tree ").append(level).append("\td").append(i).append('\n');
            }
            level = write(entries.toString(), "git", "mktree");
        }

        Ran push = git("push", url, commitOf(level) + ":refs/heads/main");

        assertThat(push.status()).isNotZero();
        assertThat(push.output()).contains("more than 500000 files and directories");
        assertThat(target.deployed()).isEmpty();
    }

    @Test
    void aTreeWithADangerousNameIsRefused() throws Exception {
        String blob = git("rev-parse", "HEAD:Procfile").output().strip();
        String tree = write("100644 blob " + blob + "\t.git\n", "git", "mktree");

        Ran push = git("push", url, commitOf(tree) + ":refs/heads/main");

        assertThat(push.status()).isNotZero();
        assertThat(push.output()).contains(".git");
        assertThat(target.deployed()).isEmpty();
    }

    @Test
    void aBrokenPackIsRefusedAndTheNextPushWorks() throws Exception {
        String command =
                "0".repeat(40) + " " + head() + " refs/heads/main\0report-status side-band-64k";
        byte[] header = {'P', 'A', 'C', 'K', 0, 0, 0, 2, 0x7f, (byte) 0xff, (byte) 0xff, -1};
        byte[] lines =
                (String.format("%04x", command.length() + 4) + command + "0000").getBytes(UTF_8);
        byte[] body = Arrays.copyOf(lines, lines.length + header.length);
        System.arraycopy(header, 0, body, lines.length, header.length);
        String login =
                Base64.getEncoder().encodeToString((":" + FakePushTarget.KEY).getBytes(UTF_8));
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer =
                    client.send(
                            HttpRequest.newBuilder(
                                            URI.create(
                                                    "http://127.0.0.1:"
                                                            + server.port()
                                                            + "/shop.git/git-receive-pack"))
                                    .header("Authorization", "Basic " + login)
                                    .header(
                                            "Content-Type",
                                            "application/x-git-receive-pack-request")
                                    .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(answer.body()).contains("unpack ").doesNotContain("unpack ok");
        }

        assertThat(git("push", url, "main").status()).isZero();
    }

    @Test
    void twoPushesAtOnceQueueAndTheStaleOneIsNotBuilt() throws Exception {
        assertThat(git("push", url, "main").status()).isZero();
        CountDownLatch building = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        target.builds((_, _) -> {
            building.countDown();
            return go.await(LIMIT.toSeconds(), TimeUnit.SECONDS);
        });
        commit("second", "a", "a");
        Future<Ran> second = threads.submit(() -> git("push", url, "main"));
        assertThat(building.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        commit("third", "a", "b");
        Process third = start("push", url, "main");
        StringBuilder output = new StringBuilder();
        try (var reader = third.inputReader()) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                output.append(line);
                if (line.contains("Waiting for another push")) {
                    go.countDown();
                }
            }
        }

        assertThat(second.get().status()).isZero();
        assertThat(third.waitFor()).isNotZero();
        assertThat(output).contains("Another push moved this branch", "fetch first");
        assertThat(target.deployed()).containsExactly("first", "second");

        assertThat(git("push", url, "main").status()).isZero();
        assertThat(target.deployed()).containsExactly("first", "second", "third");
    }

    @Test
    void aClientThatGoesAwayDoesNotStopTheBuild() throws Exception {
        CountDownLatch building = new CountDownLatch(1);
        CountDownLatch gone = new CountDownLatch(1);
        target.builds((_, output) -> {
            building.countDown();
            gone.await(LIMIT.toSeconds(), TimeUnit.SECONDS);
            for (int i = 0; i < 2_000; i++) {
                output.accept("line " + i);
            }
            return true;
        });
        Process push = start("push", url, "main");
        assertThat(building.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();

        push.descendants().forEach(ProcessHandle::destroyForcibly);
        push.destroyForcibly().waitFor();
        gone.countDown();

        await().atMost(LIMIT).until(() -> remote("refs/heads/main").equals(head()));
        await().atMost(LIMIT).until(() -> !target.sizes().isEmpty());
        target.builds((_, _) -> true);
        commit("next", "n", "n");
        assertThat(git("push", url, "main").status()).isZero();
    }

    @Test
    void aPushOfMegabytesComesInChunks() throws Exception {
        byte[] noise = new byte[3_000_000];
        new java.util.Random(1).nextBytes(noise);
        Files.write(tree.resolve("noise"), noise);
        commit("noise", "n", "n");
        target.builds((unpacked, _) -> unpacked.resolve("noise").toFile().length() == 3_000_000);

        assertThat(git("push", url, "main").status()).isZero();
    }

    @Test
    void keysAreAskedForAndWrongOnesRefused() throws Exception {
        HttpResponse<String> bare = get("/shop.git/info/refs?service=git-receive-pack");
        assertThat(bare.statusCode()).isEqualTo(401);
        assertThat(bare.headers().firstValue("WWW-Authenticate").orElse(""))
                .startsWith("Basic realm=");

        Ran push = git("push", server.url("shop", "wrong"), "main");

        assertThat(push.status()).isNotZero();
        assertThat(push.output()).contains("Authentication failed");
        assertThat(target.deployed()).isEmpty();
    }

    @Test
    void anUnknownAppIsNotFound() throws Exception {
        Ran push = git("push", server.url("other", FakePushTarget.KEY), "main");

        assertThat(push.status()).isNotZero();
        assertThat(push.output()).contains("Couldn't find that app.", "not found");
    }

    @Test
    void otherPathsGoOnToTheApi() throws Exception {
        assertThat(get("/apps").body()).isEqualTo("not git");
        assertThat(get("/shop.git/HEAD").statusCode()).isEqualTo(401);
    }
}
