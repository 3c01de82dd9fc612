package dev.paddock.git;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The real git program judges what is copied.
class RepositoryCopyTest {
    @TempDir Path folder;

    private Path work;
    private Path bare;
    private Path copy;

    @BeforeEach
    void makeRepository() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/git")), "needs git");
        work = folder.resolve("work");
        bare = folder.resolve("app.git");
        copy = folder.resolve("copy.git");
        RepositoryCopy.create(bare);
        git(folder, "init", "-q", "-b", "main", work.toString());
        commit("first");
        push("main");
    }

    @Test
    void cloneOfTheCopyIsTheClone() throws Exception {
        git(work, "tag", "-a", "-m", "said", "v1");
        push("v1");
        git(bare, "gc", "-q");
        commit("second");
        push("main", "main:refs/heads/b\u00e4r/x");

        restore(save(bare, new Racing()));

        RepositoryCopy.check(copy);
        assertThat(refs(copy)).isEqualTo(refs(bare));
        git(copy, "fsck", "--full");
        git(folder, "clone", "-q", copy.toString(), "cloned");
        assertThat(git(folder.resolve("cloned"), "log", "--format=%s").lines())
                .containsExactly("second", "first");
    }

    @Test
    void objectsThatArePackedMeanwhileAreFound() throws Exception {
        commit("second");
        push("main");
        Racing racing = new Racing();
        racing.beforeFirstObject = () -> git(bare, "gc", "-q", "--prune=now");

        restore(save(bare, racing));

        RepositoryCopy.check(copy);
        git(copy, "fsck", "--full");
        assertThat(refs(copy)).isEqualTo(refs(bare));
    }

    @Test
    void refsAreThoseOfOneMomentThoughPushesGoOn() throws Exception {
        String before = refs(bare);
        Racing racing = new Racing();
        racing.beforeFirstObject =
                () -> {
                    commit("second");
                    push("main");
                };

        restore(save(bare, racing));

        assertThat(refs(copy)).isEqualTo(before).isNotEqualTo(refs(bare));
        git(copy, "fsck", "--full");
    }

    @Test
    void repositoryThatIsGoneIsNothing() throws Exception {
        assertThat(save(folder.resolve("none.git"), new Racing())).isEmpty();
    }

    @Test
    void missingObjectIsNoticed() throws Exception {
        Map<String, byte[]> files = save(bare, new Racing());
        String head = git(bare, "rev-parse", "main").strip();
        files.remove("objects/" + head.substring(0, 2) + "/" + head.substring(2));

        restore(files);

        assertThatThrownBy(() -> RepositoryCopy.check(copy))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("copy.git lacks " + head);
    }

    @Test
    void filesThatConfigureOrRunAreNone() {
        assertThat("HEAD").matches(RepositoryCopy.FILE);
        for (String name :
                new String[] {
                    "config", "hooks/post-receive", "objects/../config", "objects/info/alternates",
                    "objects/pack/../../config", "refs/heads/main", "/etc/passwd", "HEAD\n"
                }) {
            assertThat(name).doesNotMatch(RepositoryCopy.FILE);
        }
    }

    private Map<String, byte[]> save(Path repository, Racing racing) throws IOException {
        RepositoryCopy.save(repository, racing);
        return racing.files;
    }

    private void restore(Map<String, byte[]> files) throws IOException {
        RepositoryCopy.create(copy);
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            assertThat(file.getKey()).matches(RepositoryCopy.FILE);
            Files.createDirectories(copy.resolve(file.getKey()).getParent());
            Files.write(copy.resolve(file.getKey()), file.getValue());
        }
    }

    private String refs(Path repository) throws Exception {
        return git(repository, "for-each-ref") + git(repository, "symbolic-ref", "HEAD");
    }

    private void commit(String message) throws Exception {
        Files.writeString(work.resolve("file"), message + "\n");
        git(work, "add", "-A");
        git(work, "commit", "-q", "-m", message);
    }

    private void push(String... refs) throws Exception {
        for (String ref : refs) {
            git(work, "push", "-q", bare.toString(), ref);
        }
    }

    private static String git(Path directory, String... words) throws Exception {
        var command = new java.util.ArrayList<String>();
        command.add("git");
        command.addAll(java.util.List.of(words));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
        builder.environment().put("GIT_CONFIG_GLOBAL", "/dev/null");
        builder.environment().put("GIT_CONFIG_NOSYSTEM", "1");
        for (String role : new String[] {"AUTHOR", "COMMITTER"}) {
            builder.environment().put("GIT_" + role + "_NAME", "Dev");
            builder.environment().put("GIT_" + role + "_EMAIL", "dev@example.com");
        }
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    /// Keeps what is copied, and lets something happen in the middle.
    private static final class Racing implements RepositoryCopy.Target {
        private final Map<String, byte[]> files = new HashMap<>();
        private Step beforeFirstObject = () -> {};
        private boolean begun;

        @Override
        public void add(String name, String text) {
            files.put(name, text.getBytes(UTF_8));
        }

        @Override
        public void add(String name, Path file) throws IOException {
            if (!begun) {
                begun = true;
                try {
                    beforeFirstObject.run();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
            if (!Files.exists(file)) {
                throw new NoSuchFileException(file.toString());
            }
            files.put(name, Files.readAllBytes(file));
        }
    }

    private interface Step {
        void run() throws Exception;
    }
}
