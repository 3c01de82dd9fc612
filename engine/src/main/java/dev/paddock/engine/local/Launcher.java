package dev.paddock.engine.local;

import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Exit;
import dev.paddock.dyno.Mount;
import dev.paddock.dyno.Stdio;
import dev.paddock.engine.local.Conmon.LaunchFailure;
import dev.paddock.engine.local.OciBundle.BundleMount;
import dev.paddock.engine.local.OciBundle.Limits;
import dev.paddock.engine.local.OciBundle.TerminalSize;
import dev.paddock.engine.local.SlugCache.SlugRefused;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Turns a spec into a container that waits to be started, and takes away again what it made. Safe for any thread.
final class Launcher {
    /// The hard limit, at which the kernel kills (R15), as a multiple of the quota.
    static final int HARD_LIMIT = 2;

    private static final long TEMPORARY_BYTES = 128L << 20;

    /// For a slug of the largest size, on a busy disk.
    private static final Duration COPY_LIMIT = Duration.ofMinutes(2);

    private static final String HOME = "/app";
    private static final String DYNO_PATH = "/usr/local/bin:/usr/bin:/bin";

    private final LocalSettings settings;
    private final HostStack stack;
    private final Sandbox sandbox;
    private final Network network;
    private final Users users;
    private final SlugCache slugs;
    private final Volumes volumes;
    private final Map<String, String> buildEnvironment;

    Launcher(
            LocalSettings settings,
            HostStack stack,
            Sandbox sandbox,
            Network network,
            Users users,
            SlugCache slugs,
            Volumes volumes,
            Map<String, String> buildEnvironment) {
        this.settings = settings;
        this.stack = stack;
        this.sandbox = sandbox;
        this.network = network;
        this.users = users;
        this.slugs = slugs;
        this.volumes = volumes;
        this.buildEnvironment = buildEnvironment;
    }

    /// Creates the container, up to the moment before its command begins. Present: it cannot be started.
    Optional<Exit> create(LocalDyno dyno) {
        if (dyno.life().processes().isPresent()) {
            // It began as a spare.
            return stopped(dyno) ? Optional.of(Exit.of(Exits.TERMINATED)) : Optional.empty();
        }
        try {
            int user = users.of(dyno.spec.app());
            Optional<Path> slug = Optional.empty();
            if (dyno.spec.slug().isPresent()) {
                slug = Optional.of(slugs.unpacked(dyno.spec.app(), dyno.spec.slug().get(), user));
            }
            if (stopped(dyno)) {
                return Optional.of(Exit.of(Exits.TERMINATED));
            }
            Life.Place place = place(dyno, user);
            ProcessIdentity init = container(dyno, place, slug);
            ProcessIdentity beside =
                    ProcessIdentity.noted(dyno.files.conmonPid())
                            .orElseThrow(() ->
                                    new LaunchFailure("what keeps the dyno ended at once", null));
            boolean goesOn =
                    dyno.change(life -> life.withProcesses(new Life.Processes(init, beside)));
            return goesOn && !stopped(dyno)
                    ? Optional.empty()
                    : Optional.of(Exit.of(Exits.TERMINATED));
        } catch (SlugRefused e) {
            Exit.Cause cause = e.checksum() ? Exit.Cause.CHECKSUM : Exit.Cause.LAUNCH_FAILED;
            return Optional.of(new Exit(1, cause, message(e)));
        } catch (LaunchFailure
                | IOException
                | UncheckedIOException
                | IllegalStateException
                | UserError e) {
            if (stopped(dyno)) {
                return Optional.of(Exit.of(Exits.TERMINATED));
            }
            return Optional.of(new Exit(1, Exit.Cause.LAUNCH_FAILED, message(e)));
        }
    }

    private ProcessIdentity container(LocalDyno dyno, Life.Place place, Optional<Path> slug)
            throws LaunchFailure, IOException {
        Optional<Path> volume = volumes.mount(dyno.spec.kind(), dyno.files, place.user());
        try {
            sandbox.describe(bundle(dyno, place, slug, volume), dyno.files);
            return dyno.keeper.create(dyno.files, dyno.spec.stdio());
        } finally {
            if (volume.isPresent()) {
                volumes.unmount(dyno.spec.kind(), dyno.files);
            }
        }
    }

    private static boolean stopped(LocalDyno dyno) {
        return dyno.life().killAt().isPresent();
    }

    private static String message(Exception e) {
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }

    private Life.Place place(LocalDyno dyno, int user) {
        int slot = network.take();
        int port = network.port(slot, dyno.spec.environment().getOrDefault("PORT", ""));
        Life.Place place = new Life.Place(user, slot, port);
        dyno.change(life -> life.withPlace(place));
        return place;
    }

    private OciBundle bundle(
            LocalDyno dyno, Life.Place place, Optional<Path> slug, Optional<Path> volume)
            throws IOException {
        DynoSpec spec = dyno.spec;
        boolean build = spec.kind() == DynoKind.BUILD;
        List<BundleMount> mounts = new ArrayList<>();
        mounts.addAll(accounts(dyno.files, place.user()));
        boolean spare = Files.exists(dyno.files.name());
        if (spare) {
            mounts.add(BundleMount.readOnly(dyno.files.name(), HostStack.NAME));
        }
        mounts.add(home(dyno.files, place.user(), slug, volume));
        if (build) {
            Path temporary =
                    volume.map(root -> root.resolve("tmp"))
                            .orElseGet(() -> owned(dyno.files.temporary(), place.user()));
            mounts.add(BundleMount.writable(temporary, "/tmp"));
        }
        for (Mount mount : spec.mounts()) {
            stack.point(mount.source(), mount.target());
            if (mount.writable()) {
                Directory.give(mount.source(), place.user());
            }
            mounts.add(
                    mount.writable()
                            ? BundleMount.writable(mount.source(), mount.target())
                            : BundleMount.readOnly(mount.source(), mount.target()));
        }
        return new OciBundle(
                sandbox.launch(spec.command()),
                environment(spec, place.port(), !spare),
                place.user(),
                HOME,
                spec.stdio() instanceof Stdio.Terminal(int rows, int columns)
                        ? Optional.of(new TerminalSize(rows, columns))
                        : Optional.empty(),
                dyno.files.id().toString(),
                new Limits(
                        spec.size().memoryBytes() * HARD_LIMIT,
                        spec.size().processes(),
                        spec.size().cpuShares(),
                        build ? 0 : TEMPORARY_BYTES),
                mounts,
                network.connection(place.slot()));
    }

    /// What tells a program who it is and where: its user has a name, its host name an address.
    private List<BundleMount> accounts(DynoFiles files, int user) throws IOException {
        Path directory = account(user);
        Path passwd = directory.resolve("passwd");
        Path group = directory.resolve("group");
        if (!Files.exists(group)) {
            Directory.create(directory, "rwxr-xr-x");
            Files.writeString(
                    passwd,
                    """
                    root:x:0:0:root:/:/usr/sbin/nologin
                    dyno:x:%1$d:%1$d::%2$s:/bin/bash
                    nobody:x:65534:65534:nobody:/:/usr/sbin/nologin
                    """
                            .formatted(user, HOME));
            Files.writeString(group, "root:x:0:\ndyno:x:%d:\nnogroup:x:65534:\n".formatted(user));
        }
        Files.writeString(files.hosts(), "127.0.0.1 localhost\n127.0.0.1 " + files.id() + "\n");
        return List.of(
                BundleMount.readOnly(passwd, "/etc/passwd"),
                BundleMount.readOnly(group, "/etc/group"),
                BundleMount.readOnly(files.hosts(), "/etc/hosts"));
    }

    private Path account(int user) {
        return settings.runtime().resolve(Installation.USERS).resolve(Integer.toString(user));
    }

    private BundleMount home(DynoFiles files, int user, Optional<Path> slug, Optional<Path> volume)
            throws IOException {
        Path upper = volume.map(root -> root.resolve("upper")).orElse(files.upper());
        Path work = volume.map(root -> root.resolve("work")).orElse(files.work());
        if (volume.isEmpty()) {
            owned(upper, user);
        }
        if (slug.isEmpty()) {
            return BundleMount.writable(upper, HOME);
        }
        if (volume.isEmpty() && !sandbox.layers()) {
            copy(slug.get(), upper);
            return BundleMount.writable(upper, HOME);
        }
        if (volume.isEmpty()) {
            Directory.createPrivate(work);
        }
        // Through a link of ours, for a comma or colon in the operator's path would end an overlay
        // option.
        Path link = settings.runtime().resolve(Installation.DATA_LINK);
        return BundleMount.overlay(
                link.resolve(settings.data().relativize(slug.get())),
                link.resolve(settings.data().relativize(upper)),
                link.resolve(settings.data().relativize(work)),
                HOME);
    }

    private static void copy(Path slug, Path home) throws IOException {
        Command.Result copied =
                Command.run(
                        List.of("cp", "-a", "--reflink=auto", slug + "/.", home.toString()),
                        "",
                        COPY_LIMIT);
        if (!copied.ok()) {
            throw new IOException("The slug cannot be copied for the dyno: " + copied.output());
        }
    }

    private static Path owned(Path directory, int user) {
        Directory.create(directory, "rwxr-xr-x");
        Directory.give(directory, user);
        return directory;
    }

    /// @param named whether it is known which of its type the dyno is
    private Map<String, String> environment(DynoSpec spec, int port, boolean named) {
        Map<String, String> environment = new HashMap<>();
        environment.put("HOME", HOME);
        environment.put("PATH", DYNO_PATH);
        environment.put("USER", "dyno");
        environment.put("LANG", "C.UTF-8");
        if (named) {
            environment.put("DYNO", spec.name().toString());
        }
        environment.put("PORT", Integer.toString(port));
        if (spec.kind() == DynoKind.BUILD) {
            environment.putAll(buildEnvironment);
        }
        environment.putAll(spec.environment());
        // A value that is no port would make the platform look for the dyno at another one than the
        // app binds.
        environment.put("PORT", Integer.toString(port));
        return environment;
    }

    /// Takes away what dynos of an app share.
    void discard(AppId app) {
        slugs.discard(app);
        users.discard(app).ifPresent(user -> Directory.remove(account(user)));
    }

    /// Takes away the container and what the dyno wrote, but not what it logged nor its place.
    void clear(LocalDyno dyno) {
        DynoFiles files = dyno.files;
        // The keeper first: it could still be about to create the container, and would note its
        // end.
        ProcessIdentity.noted(files.conmonPid()).ifPresent(beside -> killKeeper(dyno, beside));
        dyno.group.kill();
        sandbox.delete(files);
        dyno.group.remove();
        Directory.remove(
                files.upper(),
                files.work(),
                files.temporary(),
                Volumes.image(files.volume()),
                files.pid(),
                files.conmonPid(),
                files.sockets());
        Directory.remove(files.exits().toArray(Path[]::new));
    }

    /// The pid file is believed only if that process is what was recorded, or, before it was, a keeper of ours.
    private static void killKeeper(LocalDyno dyno, ProcessIdentity beside) {
        Optional<ProcessIdentity> recorded = dyno.life().processes().map(Life.Processes::conmon);
        boolean ours =
                recorded.isPresent()
                        ? recorded.get().equals(beside)
                        : Keepers.isOne(beside, dyno.files.id().toString());
        if (ours) {
            Keepers.kill(beside);
        }
    }

    /// Takes away everything, the record last.
    void forget(LocalDyno dyno) {
        clear(dyno);
        dyno.life().place().ifPresent(place -> network.release(place.slot()));
        Directory.remove(dyno.files.disk(), dyno.files.bundle());
    }
}
