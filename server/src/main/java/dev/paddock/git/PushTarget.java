package dev.paddock.git;

import dev.paddock.accounts.Account;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.deploys.Deployments.Push;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/// What git needs of the platform; the tests of the protocol put something smaller behind it.
interface PushTarget {
    /// Empty also for a key that is not meant for code.
    Optional<Account> authenticate(String key);

    /// Throws UserError when there is no such app for this account, or it may not deploy it.
    App app(Account account, String name);

    /// Where the repository of the app lies or is to be made.
    Path repository(AppId app);

    /// Builds and releases; says in `output` why when the answer is false.
    boolean deploy(App app, Push push, Account account, Consumer<String> output)
            throws InterruptedException;

    void setRepositoryBytes(AppId app, long bytes);
}
