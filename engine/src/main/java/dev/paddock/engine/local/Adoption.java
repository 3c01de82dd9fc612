package dev.paddock.engine.local;

import dev.paddock.core.Timers;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Exit;
import java.nio.file.Files;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Takes over the dynos of an engine that was closed or killed, as its files tell of them. For one thread.
final class Adoption {
    private final LocalSettings settings;
    private final Installation installation;
    private final Spares spares;
    private final Roster roster;
    private final Timers timers;

    Adoption(LocalSettings settings, Installation installation, Spares spares, Roster roster) {
        this.settings = settings;
        this.installation = installation;
        this.spares = spares;
        this.roster = roster;
        this.timers = settings.timers();
    }

    void readRecords() {
        for (String name : Directory.names(settings.runtime().resolve(DynoFiles.DYNOS))) {
            DynoFiles files = DynoFiles.of(settings, DynoId.parse(name));
            Optional<DynoSpec> spec = Json.read(files.spec()).map(SpecJson::parse);
            Optional<Life> life = Json.read(files.life()).map(Life::parse);
            if (spec.isPresent() && life.isPresent()) {
                LocalDyno dyno = dyno(spec.get(), files, life.get());
                roster.add(dyno);
            } else if (Files.exists(files.spare())) {
                removeSpare(files, life);
            } else {
                // Cut off while start() wrote the record: nothing else was made yet.
                Directory.remove(files.disk(), files.bundle());
            }
        }
        Set<String> containers =
                roster.all().stream()
                        .map(dyno -> dyno.files.id().toString())
                        .collect(Collectors.toSet());
        for (String name : Directory.names(settings.data().resolve(DynoFiles.DYNOS))) {
            // Its record went with a reboot, or with the runtime directory.
            if (!containers.contains(name)) {
                Directory.remove(settings.data().resolve(DynoFiles.DYNOS).resolve(name));
            }
        }
    }

    /// Another engine made it: perhaps of another version, with other ideas of what a dyno may do.
    private void removeSpare(DynoFiles files, Optional<Life> life) {
        Json.read(files.spare())
                .map(SpecJson::parse)
                .ifPresentOrElse(
                        spec ->
                                spares.remove(
                                        dyno(
                                                spec,
                                                files,
                                                life.orElse(Life.fresh(timers.bootId())))),
                        () -> Directory.remove(files.disk(), files.bundle()));
    }

    private LocalDyno dyno(DynoSpec spec, DynoFiles files, Life life) {
        return new LocalDyno(
                spec,
                files,
                installation.keepers().of(files),
                installation.sandbox().group(files),
                life);
    }

    /// Goes on with each from where it stands.
    void goOn(Starts starts, Ends ends) {
        roster.all().forEach(dyno -> adopt(dyno, starts, ends));
    }

    private void adopt(LocalDyno dyno, Starts starts, Ends ends) {
        Life life = dyno.life();
        if (life.exit().isPresent()) {
            return;
        }
        if (!life.bootId().equals(timers.bootId())) {
            dyno.change(Life::withoutTicks);
            ends.end(dyno, new Exit(Exits.KILLED, Exit.Cause.PROCESS, "the machine was restarted"));
        } else if (life.processes().isEmpty()) {
            Thread.ofVirtual().name("launch/" + dyno.id()).start(() -> starts.relaunch(dyno));
        } else {
            dyno.created.countDown();
            ends.look(dyno);
            if (!dyno.ended()) {
                Thread.ofVirtual().name("adopt/" + dyno.id()).start(() -> starts.goOn(dyno));
            }
        }
    }
}
