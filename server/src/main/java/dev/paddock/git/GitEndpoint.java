package dev.paddock.git;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.apps.Apps;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.deploys.Deployments;
import jakarta.servlet.Filter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/// Git over HTTP: clones and pushes of `/APP.git`, where a push to main or master deploys. Safe for any thread.
public final class GitEndpoint {
    /// Where [#filter()] is mapped: it answers what is below `/APP.git` and passes everything else on.
    public static final String PATHS = "/*";

    private final PushTarget target;

    public GitEndpoint(Accounts accounts, Apps apps, Deployments deployments) {
        this(new Platform(accounts, apps, deployments));
    }

    GitEndpoint(PushTarget target) {
        this.target = target;
        HermeticGit.install();
    }

    /// A new filter, to be put before the API's servlet.
    public Filter filter() {
        return new GitRequests(target);
    }

    private record Platform(Accounts accounts, Apps apps, Deployments deployments)
            implements PushTarget {
        @Override
        public Optional<Account> authenticate(String key) {
            return accounts.authenticate(key).map(Accounts.Authenticated::account);
        }

        @Override
        public App app(Account account, String name) {
            return apps.get(account, name);
        }

        @Override
        public Path repository(AppId app) {
            return deployments.repository(app);
        }

        @Override
        public boolean deploy(
                App app, Deployments.Push push, Account account, Consumer<String> output)
                throws InterruptedException {
            return deployments.deploy(app, push, account.actor(), output).isPresent();
        }

        @Override
        public void setRepositoryBytes(AppId app, long bytes) {
            apps.setRepositoryBytes(app, bytes);
        }
    }
}
