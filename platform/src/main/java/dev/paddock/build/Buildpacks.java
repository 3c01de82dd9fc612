package dev.paddock.build;

import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import java.util.HashSet;
import java.util.List;
import org.jdbi.v3.core.Handle;

/// The buildpacks that users chose for their apps, in order; the sole writer of them. Safe for any thread.
public final class Buildpacks {
    private static final int MAX_BUILDPACKS = 20;

    private final Database database;

    public Buildpacks(Database database) {
        this.database = database;
    }

    public List<Buildpack> list(AppId app) {
        return database.jdbi().withHandle(handle -> list(handle, app));
    }

    private static List<Buildpack> list(Handle handle, AppId app) {
        return handle.createQuery(
                        "select buildpack from buildpack_installations where app = :app order by ordinal")
                .bind("app", app)
                .mapTo(String.class)
                .map(Buildpack::new)
                .list();
    }

    /// Replaces all of them; the next build uses these. Throws UserError when one is named twice.
    public List<Buildpack> set(AppId app, List<Buildpack> buildpacks) {
        if (new HashSet<>(buildpacks).size() < buildpacks.size()) {
            throw UserError.invalid("A buildpack can be used only once by an app.");
        }
        if (buildpacks.size() > MAX_BUILDPACKS) {
            throw UserError.invalid("An app can use at most " + MAX_BUILDPACKS + " buildpacks.");
        }
        return database.jdbi()
                .inTransaction(handle -> {
                    lock(handle, app);
                    handle.createUpdate("delete from buildpack_installations where app = :app")
                            .bind("app", app)
                            .execute();
                    for (int i = 0; i < buildpacks.size(); i++) {
                        handle.createUpdate(
                                        """
                                        insert into buildpack_installations (app, ordinal, buildpack)
                                        values (:app, :ordinal, :buildpack)
                                        """)
                                .bind("app", app)
                                .bind("ordinal", i)
                                .bind("buildpack", buildpacks.get(i).name())
                                .execute();
                    }
                    return list(handle, app);
                });
    }

    private static void lock(Handle handle, AppId app) {
        AppId _ =
                handle.createQuery(
                                "select id from apps where id = :app and not destroying for update")
                        .bind("app", app)
                        .mapTo(AppId.class)
                        .findOne()
                        .orElseThrow(() -> UserError.notFound("app"));
    }
}
