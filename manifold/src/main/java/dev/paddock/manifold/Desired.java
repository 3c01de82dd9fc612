package dev.paddock.manifold;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.SlugRef;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// What an app should run: the release and how many dynos of each type. Derived from the database at any time.
///
/// @param release what new dynos run
/// @param oldestRunning dynos of this release or a later one need no replacement; older ones are replaced
/// @param environment given to each dyno: config vars without settings
/// @param asleep present while the app sleeps: it keeps its formation and runs none of it, or its workers alone
/// @param preboot whether new web dynos are started beside the old ones and take over when all of them are up
/// @param prebootWait how long after the start of the last of them they take over at the earliest
/// @param slug empty when there is nothing to run; then no type has a quantity
public record Desired(
        AppId app,
        ReleaseVersion release,
        ReleaseVersion oldestRunning,
        Map<String, String> environment,
        Optional<SlugRef> slug,
        String stack,
        List<Type> types,
        Optional<Asleep> asleep,
        boolean preboot,
        Duration prebootWait) {
    public Desired {
        environment = Map.copyOf(environment);
        types = List.copyOf(types);
    }

    /// Of an app that is awake, without preboot.
    public Desired(
            AppId app,
            ReleaseVersion release,
            ReleaseVersion oldestRunning,
            Map<String, String> environment,
            Optional<SlugRef> slug,
            String stack,
            List<Type> types) {
        this(
                app,
                release,
                oldestRunning,
                environment,
                slug,
                stack,
                types,
                Optional.empty(),
                false,
                Duration.ZERO);
    }

    /// The web dynos, if any are wanted.
    public Optional<Type> web() {
        return types.stream()
                .filter(type -> type.type().isWeb() && type.quantity() > 0)
                .findFirst();
    }

    /// Whether a dyno of this name is among those wanted, awake or asleep.
    boolean wants(DynoName name) {
        return types.stream()
                .anyMatch(type ->
                        type.type().equals(name.type()) && name.number() <= type.quantity());
    }

    /// Whether a dyno of this type has to make room for one of the wanted release, size and command. A later release than
    /// the wanted one was given up.
    public boolean outdates(Type type, ReleaseVersion ran, DynoSize size, String command) {
        return ran.compareTo(oldestRunning) < 0
                || ran.compareTo(release) > 0
                || !size.equals(type.size())
                || !command.equals(type.command());
    }

    boolean outdates(Type type, DynoSpec dyno) {
        return outdates(type, dyno.release(), dyno.size(), dyno.command());
    }

    /// The same, with preboot or without it.
    public Desired withPreboot(boolean next) {
        return new Desired(
                app,
                release,
                oldestRunning,
                environment,
                slug,
                stack,
                types,
                asleep,
                next,
                prebootWait);
    }

    /// Whether dynos of this type sleep.
    boolean isAsleep(ProcessType type) {
        return asleep.filter(it -> type.isWeb() || !it.webAlone()).isPresent();
    }

    /// The names of all its dynos.
    List<DynoName> names() {
        return types.stream()
                .flatMap(type ->
                        IntStream.rangeClosed(1, type.quantity())
                                .mapToObj(number -> new DynoName(type.type(), number)))
                .toList();
    }

    /// An app that should run nothing, as after its destruction.
    public static Desired nothing(AppId app) {
        return new Desired(
                app,
                ReleaseVersion.NONE,
                ReleaseVersion.NONE,
                Map.of(),
                Optional.empty(),
                "",
                List.of());
    }

    @Override
    public String toString() {
        return "Desired[" + app + " " + release + " " + types + "]";
    }

    /// That an app sleeps.
    ///
    /// @param webAlone whether its workers go on
    public record Asleep(Instant since, boolean webAlone) {}

    /// How many dynos of one process type, of which size, running which command.
    ///
    /// @param bootLimit time for a web dyno to accept connections (R10)
    public record Type(
            ProcessType type, int quantity, DynoSize size, String command, Duration bootLimit) {
        public static final Duration BOOT_LIMIT = Duration.ofSeconds(60);
    }
}
