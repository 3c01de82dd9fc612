package dev.paddock.formation;

import dev.paddock.apps.Apps;
import dev.paddock.build.SlugStore;
import dev.paddock.core.Actor;
import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.dyno.DynoSize;
import dev.paddock.log.LogSink;
import dev.paddock.manifold.Manifold;
import dev.paddock.releases.Releases;
import dev.paddock.store.Database;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/// The formation of each app; with start-up, the only caller of `Manifold.want`. Safe for any thread.
public final class Formations {
    public Formations(
            Database database,
            InstantSource clock,
            Apps apps,
            SlugStore slugs,
            Releases releases,
            Manifold manifold,
            LogSink log) {
        throw new UnsupportedOperationException();
    }

    /// The process types of the current release, sorted by name.
    public List<FormationEntry> list(AppId app) {
        throw new UnsupportedOperationException();
    }

    /// All updates or none. Throws UserError: unknown type (`not_found`, "Couldn't find that process type (x)."),
    /// quantity out of 0..100, unknown size. Logs `Scaled to web@3:Standard-1X ... by user x`.
    public List<FormationEntry> scale(AppId app, List<Update> updates, Actor user) {
        throw new UnsupportedOperationException();
    }

    /// The current release changed: the first one with a slug gets web=1, types that are gone lose their entry, and
    /// the manifold is told.
    public void released(AppId app) {
        throw new UnsupportedOperationException();
    }

    /// Tells the manifold what every app should run; at start-up, before `Manifold.start`.
    public void wantAll() {
        throw new UnsupportedOperationException();
    }

    /// The app is being destroyed: wants nothing from now on.
    public void wantNothing(AppId app) {
        throw new UnsupportedOperationException();
    }

    /// One change of a formation: absolute (`3`) or relative (`+1`, `-1`) quantity, size, or both.
    public record Update(ProcessType type, Optional<Quantity> quantity, Optional<DynoSize> size) {}

    /// A number of dynos, absolute or relative to what is.
    public record Quantity(int number, boolean relative) {
        /// Parses `3`, `+1`, `-1`; throws UserError for anything else.
        public static Quantity parse(String text) {
            throw new UnsupportedOperationException();
        }
    }
}
