package dev.paddock.git;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.AuditLog;
import dev.paddock.accounts.Authorizations;
import dev.paddock.accounts.Scope;
import dev.paddock.apps.Apps;
import dev.paddock.apps.Permission;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.deploys.Deployments;
import jakarta.servlet.Filter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Git over HTTP: clones and pushes of `/APP.git`, where a push to main or master deploys. Safe for any thread.
public final class GitEndpoint {
    /// Where [#filter()] is mapped: it answers what is below `/APP.git` and passes everything else on.
    public static final String PATHS = "/*";

    /// Scopes of keys with which code may be fetched and pushed.
    private static final Set<Scope> ENOUGH =
            Set.of(Scope.GLOBAL, Scope.WRITE, Scope.WRITE_PROTECTED);

    private final PushTarget target;

    public GitEndpoint(
            Authorizations authorizations, AuditLog audit, Apps apps, Deployments deployments) {
        this(new Platform(authorizations, audit, apps, deployments));
    }

    GitEndpoint(PushTarget target) {
        this.target = target;
        HermeticGit.install();
    }

    /// A new filter, to be put before the API's servlet.
    public Filter filter() {
        return new GitRequests(target);
    }

    private record Platform(
            Authorizations authorizations, AuditLog audit, Apps apps, Deployments deployments)
            implements PushTarget {
        @Override
        public Optional<Account> authenticate(String key) {
            return authorizations
                    .authenticate(key)
                    .filter(found ->
                            found.authorization().scope().stream().anyMatch(ENOUGH::contains))
                    .map(Authorizations.Authenticated::account);
        }

        @Override
        public App app(Account account, String name) {
            return apps.get(account, name, Set.of(Permission.DEPLOY));
        }

        @Override
        public Path repository(AppId app) {
            return deployments.repository(app);
        }

        @Override
        public boolean deploy(
                App app, Deployments.Push push, Account account, Consumer<String> output)
                throws InterruptedException {
            boolean deployed = deployments.deploy(app, push, account.actor(), output).isPresent();
            audit.record(
                    new AuditLog.Entry(
                            Instant.now(),
                            account.actor(),
                            "-",
                            "-",
                            "git push " + app.name() + (deployed ? " deployed" : " failed")));
            return deployed;
        }

        @Override
        public void setRepositoryBytes(AppId app, long bytes) {
            apps.setRepositoryBytes(app, bytes);
        }
    }
}
