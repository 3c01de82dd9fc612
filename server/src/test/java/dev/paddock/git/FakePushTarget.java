package dev.paddock.git;

import dev.paddock.accounts.Account;
import dev.paddock.build.Builder;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.core.UserError;
import dev.paddock.daemons.Command;
import dev.paddock.deploys.Deployments.Push;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/// A platform with the app `shop` and the key `right-key`, whose builds do what the test says. Safe for any thread.
final class FakePushTarget implements PushTarget {
    static final String KEY = "right-key";

    final App shop;
    final List<Push> pushes = new CopyOnWriteArrayList<>();
    final Map<AppId, Long> repositoryBytes = new ConcurrentHashMap<>();
    private final Account account =
            new Account(
                    UUID.randomUUID(),
                    "dev@example.com",
                    "Dev",
                    false,
                    Instant.EPOCH,
                    Instant.EPOCH);
    private final Path directory;
    private volatile Build build = (_, _) -> true;
    private volatile Optional<RuntimeException> fault = Optional.empty();

    FakePushTarget(Path directory) {
        this.directory = directory;
        this.shop =
                new App(
                        AppId.random(),
                        new AppName("shop"),
                        account.actor(),
                        "host",
                        "local",
                        false,
                        0,
                        0,
                        Instant.EPOCH,
                        Instant.EPOCH,
                        Optional.empty());
    }

    /// What happens to a tree that is pushed, once its tar is unpacked into a directory.
    interface Build {
        boolean run(Path tree, Consumer<String> output) throws InterruptedException;
    }

    void builds(Build build) {
        this.build = build;
    }

    /// Whoever looks for an app from now on fails so.
    void failsWith(RuntimeException reason) {
        fault = Optional.of(reason);
    }

    List<String> deployed() {
        return pushes.stream().map(push -> push.origin().description()).toList();
    }

    @Override
    public Optional<Account> authenticate(String key) {
        return Optional.of(account).filter(_ -> key.equals(KEY));
    }

    @Override
    public App app(Account account, String name) {
        fault.ifPresent(reason -> {
            throw reason;
        });
        if (!name.equals("shop")) {
            throw UserError.notFound("app");
        }
        return shop;
    }

    @Override
    public Path repository(AppId app) {
        return directory.resolve("repositories").resolve(app + ".git");
    }

    @Override
    public boolean deploy(App app, Push push, Account account, Consumer<String> output)
            throws InterruptedException {
        pushes.add(push);
        try {
            Path tree = Files.createTempDirectory(directory, "tree");
            Path tar = Files.createTempFile(directory, "tree", ".tar");
            try (var bytes = ((Builder.Tree.Tar) push.tree()).tar()) {
                Files.write(tar, bytes.readAllBytes());
            }
            Command.Result unpacked =
                    Command.run(
                            List.of("tar", "-xf", tar.toString(), "-C", tree.toString()),
                            Duration.ofSeconds(20));
            if (!unpacked.ok()) {
                throw new IOException(unpacked.output());
            }
            return build.run(tree, output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void setRepositoryBytes(AppId app, long bytes) {
        repositoryBytes.put(app, bytes);
    }

    List<Long> sizes() {
        return Collections.unmodifiableList(List.copyOf(repositoryBytes.values()));
    }
}
