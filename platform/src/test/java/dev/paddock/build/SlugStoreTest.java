package dev.paddock.build;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.apps.Apps;
import dev.paddock.core.App;
import dev.paddock.core.AppName;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Slug;
import dev.paddock.releases.Releases;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SlugStoreTest {
    private static final InstantSource CLOCK = InstantSource.system();

    @TempDir Path folder;

    private final Database database = TestDatabase.fresh();
    private final Account ann = new Accounts(database, CLOCK).create("ann@example.com", "Ann");
    private final App shop =
            new Apps(database, CLOCK)
                    .create(
                            ann,
                            Optional.of(new AppName("shop")),
                            Optional.empty(),
                            Optional.empty());
    private final Releases releases = new Releases(database, CLOCK);
    private final Builds builds = new Builds(database, CLOCK);

    @Test
    void startKeepsWhatIsReleasedOrUploadedAndNothingElse() throws Exception {
        SlugStore slugs = new SlugStore(database, folder.resolve("slugs"));
        Slug uploaded = add(slugs, "ccc");
        begin("aaa");
        Slug released = add(slugs, "aaa");
        begin("bbb");
        Slug unreleased = add(slugs, "bbb");
        var _ =
                releases.create(
                        shop.id(),
                        ann.actor(),
                        _ ->
                                new Releases.Next(
                                        "Deploy", Optional.of(released.id()), ConfigVars.EMPTY));
        Files.writeString(folder.resolve("slugs/" + UUID.randomUUID() + ".tgz"), "no row");
        Files.writeString(folder.resolve("slugs/" + UUID.randomUUID() + ".part"), "torn");

        slugs.clean();

        assertThat(slugs.find(unreleased.id())).isEmpty();
        assertThat(slugs.find(released.id())).isPresent();
        assertThat(slugs.find(uploaded.id())).isPresent();
        try (var files = Files.list(folder.resolve("slugs"))) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(released.id() + ".tgz", uploaded.id() + ".tgz");
        }
    }

    private void begin(String commit) {
        var _ =
                builds.begin(
                        shop.id(),
                        ann.actor(),
                        shop.stack(),
                        List.of(),
                        new Build.Origin("", Optional.empty(), commit, "message"));
    }

    private Slug add(SlugStore slugs, String commit) throws IOException {
        Path file = Files.writeString(folder.resolve(commit), commit);
        return slugs.add(
                new Slug(
                        UUID.randomUUID(),
                        shop.id(),
                        "",
                        3,
                        Optional.of(commit),
                        "",
                        shop.stack(),
                        Map.of(new ProcessType("web"), "./web"),
                        "",
                        CLOCK.instant()),
                file);
    }
}
