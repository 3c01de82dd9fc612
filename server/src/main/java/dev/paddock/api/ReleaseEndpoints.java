package dev.paddock.api;

import dev.paddock.build.SlugStore;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.Release;
import dev.paddock.core.Slug;
import dev.paddock.core.UserError;
import dev.paddock.deploys.Deployments;
import dev.paddock.releases.Releases;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// Config vars, releases and their slugs.
final class ReleaseEndpoints {
    private static final List<Page.Key<Release>> KEYS =
            List.of(
                    Page.Key.number("version", release -> release.version().number()),
                    Page.Key.text("id", release -> release.id().toString()));

    private final AppEndpoints apps;
    private final Releases releases;
    private final SlugStore slugs;
    private final Deployments deployments;
    private final Representations representations;
    private final InstantSource clock;

    ReleaseEndpoints(
            AppEndpoints apps,
            Releases releases,
            SlugStore slugs,
            Deployments deployments,
            Representations representations,
            InstantSource clock) {
        this.apps = apps;
        this.releases = releases;
        this.slugs = slugs;
        this.deployments = deployments;
        this.representations = representations;
        this.clock = clock;
    }

    Answer config(Call call) {
        return Answer.ok(Representations.config(releases.newest(apps.find(call).id()).config()));
    }

    Answer configure(Call call) {
        App app = apps.find(call);
        Map<String, Optional<String>> changes = call.fields().texts();
        Release release = deployments.configure(app.id(), changes, call.account().actor());
        return Answer.ok(Representations.config(release.config()));
    }

    Answer releaseConfig(Call call) {
        return Answer.ok(Representations.config(find(call, apps.find(call)).config()));
    }

    Answer list(Call call) {
        App app = apps.find(call);
        return Answer.page(
                page(app.id(), call.range()).map(release -> representations.release(app, release)));
    }

    /// Versions have no holes, so that a page of them is one short query wherever it begins.
    private Page<Release> page(AppId app, ListRange range) {
        Page.Key<Release> key = Page.key(range, KEYS);
        if (!key.field().equals("version")) {
            return Page.of(releases.list(app, Optional.empty(), Integer.MAX_VALUE), range, KEYS);
        }
        int newest =
                releases.list(app, Optional.empty(), 1).stream()
                        .mapToInt(release -> release.version().number())
                        .findFirst()
                        .orElse(0);
        int from =
                range.from()
                        .map(text -> version(text, range))
                        .orElse(range.descending() ? newest : 1);
        int to =
                range.to()
                        .map(text -> version(text, range))
                        .orElse(range.descending() ? 1 : newest);
        int first = range.afterFrom() ? from + (range.descending() ? -1 : 1) : from;
        int low = Math.max(1, range.descending() ? Math.max(to, first - range.max() + 1) : first);
        int high =
                Math.min(
                        newest, range.descending() ? first : Math.min(to, first + range.max() - 1));
        List<Release> found =
                high < low
                        ? List.of()
                        : releases.list(app, Optional.of(high + 1), high - low + 1).stream()
                                .filter(release -> release.version().number() >= low)
                                .toList();
        boolean more = range.descending() ? low > Math.max(1, to) : high < Math.min(newest, to);
        return Page.of(
                range.descending() ? found : found.reversed(),
                found.size() < newest,
                more,
                range,
                key,
                KEYS);
    }

    private static int version(String text, ListRange range) {
        if (!text.matches("[0-9]{1,9}")) {
            throw ListRange.refused(
                    "version " + range.from().orElse("") + ".." + range.to().orElse(""));
        }
        return Integer.parseInt(text);
    }

    Answer info(Call call) {
        App app = apps.find(call);
        return Answer.ok(representations.release(app, find(call, app)));
    }

    private Release find(Call call, App app) {
        return releases.find(app.id(), call.path("release"))
                .orElseThrow(() -> UserError.notFound("release"));
    }

    Answer create(Call call) {
        App app = apps.find(call);
        Representations.NewRelease wanted = Representations.newRelease(call.fields());
        Release release =
                switch (wanted) {
                    case Representations.NewRelease.Rollback(String target) ->
                            deployments.rollback(app.id(), target, call.account().actor());
                    case Representations.NewRelease.OfSlug(String slug, var description) ->
                            deployments.release(
                                    app.id(),
                                    releasable(call, app, slug),
                                    description,
                                    call.account().actor());
                };
        return Answer.created(representations.release(app, release));
    }

    /// A slug of this app or of any whose code the account may read.
    private Slug releasable(Call call, App app, String id) {
        return uuid(id).flatMap(slugs::find)
                .filter(slug -> runs(app, slug) || apps.mayReadCode(call, slug.app()))
                .orElseThrow(() -> UserError.notFound("slug"));
    }

    Answer slug(Call call) {
        App app = apps.find(call);
        Slug slug =
                uuid(call.path("slug"))
                        .flatMap(slugs::find)
                        .filter(found -> runs(app, found))
                        .orElseThrow(() -> UserError.notFound("slug"));
        return Answer.ok(representations.slug(app, slug));
    }

    Answer createSlug(Call call) {
        App app = apps.find(call);
        BuildRepresentations.NewSlug wanted = BuildRepresentations.newSlug(call.fields());
        wanted.stack().ifPresent(CatalogueEndpoints::requireStack);
        Slug slug =
                slugs.announce(
                        new Slug(
                                UUID.randomUUID(),
                                app.id(),
                                wanted.checksum()
                                        .map(sum -> sum.substring(sum.indexOf(':') + 1))
                                        .orElse(""),
                                0,
                                wanted.commit(),
                                wanted.description(),
                                wanted.stack().orElse(app.stack()),
                                wanted.types(),
                                wanted.buildpack(),
                                clock.instant().truncatedTo(ChronoUnit.MICROS)));
        return Answer.created(representations.slug(app, slug));
    }

    /// Promoted slugs stay those of the app that built them.
    private boolean runs(App app, Slug slug) {
        return slug.app().equals(app.id()) || releases.used(app.id(), slug.id());
    }

    static Optional<UUID> uuid(String text) {
        try {
            return Optional.of(UUID.fromString(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
