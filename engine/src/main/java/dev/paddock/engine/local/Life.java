package dev.paddock.engine.local;

import dev.paddock.core.Tick;
import dev.paddock.dyno.Exit;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/// How far a dyno has come, as it stands on disk.
///
/// @param bootId the boot that ticks, pids and the slot belong to
/// @param place what it was given; empty until then
/// @param processes present once its container exists
/// @param begun when its command began
/// @param killAt until when it may end by itself after SIGTERM
/// @param ended when it ended; known as soon as it has an exit
/// @param expired whether it was killed because that time was over
record Life(
        String bootId,
        Optional<Place> place,
        Optional<Processes> processes,
        Optional<Tick> begun,
        boolean up,
        Optional<Tick> killAt,
        boolean expired,
        Optional<Tick> ended,
        Optional<Exit> exit) {

    /// What a dyno holds on this machine.
    record Place(int user, int slot, int port) {}

    /// The dyno's first process and the conmon beside it.
    record Processes(ProcessIdentity init, ProcessIdentity conmon) {
        boolean alive() {
            return init.alive() && conmon.alive();
        }
    }

    static Life fresh(String bootId) {
        return new Life(
                bootId,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                Optional.empty(),
                false,
                Optional.empty(),
                Optional.empty());
    }

    Life withPlace(Place place) {
        return new Life(
                bootId, Optional.of(place), processes, begun, up, killAt, expired, ended, exit);
    }

    Life withProcesses(Processes processes) {
        return new Life(
                bootId, place, Optional.of(processes), begun, up, killAt, expired, ended, exit);
    }

    Life withBegun(Tick begun) {
        return new Life(
                bootId, place, processes, Optional.of(begun), up, killAt, expired, ended, exit);
    }

    /// Its ticks are of another boot and say nothing in this one.
    Life withoutTicks() {
        return new Life(
                bootId,
                place,
                processes,
                Optional.empty(),
                up,
                Optional.empty(),
                expired,
                ended,
                exit);
    }

    Life withUp() {
        return new Life(bootId, place, processes, begun, true, killAt, expired, ended, exit);
    }

    Life withKillAt(Tick killAt) {
        return new Life(
                bootId, place, processes, begun, up, Optional.of(killAt), expired, ended, exit);
    }

    Life withExpired() {
        return new Life(bootId, place, processes, begun, up, killAt, true, ended, exit);
    }

    Life withExit(Exit exit, Tick at) {
        return new Life(
                bootId,
                place,
                processes,
                begun,
                false,
                killAt,
                expired,
                Optional.of(at),
                Optional.of(exit));
    }

    Map<String, Object> json() {
        Map<String, Object> json = new TreeMap<>();
        json.put("bootId", bootId);
        place.ifPresent(held ->
                json.put(
                        "place",
                        Map.of(
                                "user", held.user(),
                                "slot", held.slot(),
                                "port", held.port())));
        processes.ifPresent(both ->
                json.put(
                        "processes",
                        Map.of(
                                "init", both.init().pid(),
                                "initStarted", both.init().started(),
                                "conmon", both.conmon().pid(),
                                "conmonStarted", both.conmon().started())));
        begun.ifPresent(tick -> json.put("begun", tick.nanos()));
        json.put("up", up);
        killAt.ifPresent(tick -> json.put("killAt", tick.nanos()));
        json.put("expired", expired);
        ended.ifPresent(tick -> json.put("ended", tick.nanos()));
        exit.ifPresent(end ->
                json.put(
                        "exit",
                        Map.of(
                                "status", end.status(),
                                "cause", end.cause().name(),
                                "detail", end.detail())));
        return json;
    }

    static Life parse(JsonNode json) {
        return new Life(
                json.path("bootId").asString(),
                json.optional("place").map(Life::place),
                json.optional("processes").map(Life::processes),
                json.optional("begun").map(node -> new Tick(node.asLong())),
                json.path("up").asBoolean(),
                json.optional("killAt").map(node -> new Tick(node.asLong())),
                json.path("expired").asBoolean(),
                json.optional("ended").map(node -> new Tick(node.asLong())),
                json.optional("exit").map(Life::exit));
    }

    private static Place place(JsonNode json) {
        return new Place(
                json.path("user").asInt(), json.path("slot").asInt(), json.path("port").asInt());
    }

    private static Processes processes(JsonNode json) {
        return new Processes(
                new ProcessIdentity(json.path("init").asLong(), json.path("initStarted").asLong()),
                new ProcessIdentity(
                        json.path("conmon").asLong(), json.path("conmonStarted").asLong()));
    }

    private static Exit exit(JsonNode json) {
        return new Exit(
                json.path("status").asInt(),
                Exit.Cause.valueOf(json.path("cause").asString()),
                json.path("detail").asString());
    }
}
