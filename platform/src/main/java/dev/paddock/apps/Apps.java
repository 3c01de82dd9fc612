package dev.paddock.apps;

import dev.paddock.accounts.Account;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.store.Database;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/// Apps; the sole writer of them. An account sees only its own. Safe for any thread.
public final class Apps {
    public Apps(Database database, InstantSource clock) {
        throw new UnsupportedOperationException();
    }

    /// A name is invented when none is given. Throws UserError: name taken (`invalid_params`,
    /// "Name NAME is already taken"), unknown stack or region.
    public App create(
            Account owner,
            Optional<AppName> name,
            Optional<String> stack,
            Optional<String> region) {
        throw new UnsupportedOperationException();
    }

    /// By name or id; throws UserError.notFound("app") when it does not exist or `account` may not see it.
    public App get(Account account, String nameOrId) {
        throw new UnsupportedOperationException();
    }

    /// For the platform itself.
    public Optional<App> find(AppId id) {
        throw new UnsupportedOperationException();
    }

    public List<App> list(Account account) {
        throw new UnsupportedOperationException();
    }

    public List<App> all() {
        throw new UnsupportedOperationException();
    }

    public App rename(App app, AppName name) {
        throw new UnsupportedOperationException();
    }

    public App setMaintenance(App app, boolean on) {
        throw new UnsupportedOperationException();
    }

    public void setRepositoryBytes(AppId app, long bytes) {
        throw new UnsupportedOperationException();
    }

    /// Removes the row and all that hangs on it; the orchestration is `Deployments.destroy`.
    public void delete(AppId app) {
        throw new UnsupportedOperationException();
    }

    /// All features with whether they are on for this app.
    public List<Feature> features(AppId app) {
        throw new UnsupportedOperationException();
    }

    /// Throws UserError.notFound("feature") for an unknown name.
    public Feature setFeature(AppId app, String name, boolean enabled) {
        throw new UnsupportedOperationException();
    }
}
