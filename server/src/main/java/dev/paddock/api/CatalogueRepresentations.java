package dev.paddock.api;

import static dev.paddock.api.Representations.date;
import static dev.paddock.api.Representations.isId;
import static dev.paddock.api.Representations.nameUuid;
import static dev.paddock.api.Representations.named;
import static dev.paddock.api.Representations.object;

import dev.paddock.apps.Stacks;
import dev.paddock.core.UserError;
import dev.paddock.dyno.DynoSize;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ObjectNode;

/// The JSON of what the platform offers to everybody: stacks, regions, sizes of dynos, the generation; and how requests
/// name them.
final class CatalogueRepresentations {
    /// When all of them came to be: they were always there.
    private static final Instant BEGINNING = Instant.EPOCH;

    private static final String GENERATION = "cedar";
    private static final int HOURS_PER_MONTH = 720;
    private static final double GIGABYTE = 1024.0 * 1024 * 1024;

    private CatalogueRepresentations() {}

    static ObjectNode stack(String name) {
        return named("stack", name)
                .put("default", name.equals(Stacks.DEFAULT_STACK))
                .put("state", "public")
                .put("created_at", date(BEGINNING))
                .put("updated_at", date(BEGINNING));
    }

    static ObjectNode region(String name) {
        ObjectNode json =
                named("region", name)
                        .put("country", "Here")
                        .put("locale", "This machine")
                        .put("description", "The machine that this platform runs on")
                        .put("private_capable", false)
                        .put("created_at", date(BEGINNING))
                        .put("updated_at", date(BEGINNING));
        json.putObject("provider").put("name", "paddock");
        return json;
    }

    static Optional<String> findStack(String nameOrId) {
        return findNamed("stack", Stacks.stacks(), nameOrId);
    }

    static Optional<String> findRegion(String nameOrId) {
        return findNamed("region", Stacks.regions(), nameOrId);
    }

    private static Optional<String> findNamed(String kind, List<String> names, String nameOrId) {
        return names.stream()
                .filter(name -> name.equals(nameOrId) || isId(kind, name, nameOrId))
                .findFirst();
    }

    /// Names that are unknown go through unchanged: whoever needs a stack says what is wrong with it.
    static String stackName(String nameOrId) {
        return findStack(nameOrId).orElse(nameOrId);
    }

    static String regionName(String nameOrId) {
        return findRegion(nameOrId).orElse(nameOrId);
    }

    static ObjectNode dynoSize(DynoSize size) {
        double gigabytes = size.memoryBytes() / GIGABYTE;
        ObjectNode json =
                object().put("id", nameUuid("size", size.name()).toString())
                        .put("name", size.name())
                        .put("architecture", "amd64")
                        .put("compute", Math.max(1, size.cpuShares() / 1024))
                        .put("dedicated", false)
                        .put("memory", gigabytes)
                        .put(
                                "precise_dyno_units",
                                size.centsPerHour() / DynoSize.DEFAULT.centsPerHour())
                        .put("private_space_only", false);
        json.putObject("cost")
                .put("cents", Math.round(size.centsPerHour() * HOURS_PER_MONTH))
                .put("unit", "month");
        json.set("generation", generation());
        return json;
    }

    static DynoSize sizeNamed(String nameOrId) {
        return DynoSize.named(nameOrId)
                .or(() -> findSize(nameOrId))
                .orElseThrow(() ->
                        UserError.invalid(
                                "There is no dyno size `"
                                        + nameOrId
                                        + "`; choose one of "
                                        + DynoSize.all().stream()
                                                .map(DynoSize::name)
                                                .collect(Collectors.joining(", "))
                                        + "."));
    }

    static Optional<DynoSize> findSize(String nameOrId) {
        return DynoSize.named(nameOrId)
                .or(() ->
                        DynoSize.all().stream()
                                .filter(size -> isId("size", size.name(), nameOrId))
                                .findFirst());
    }

    /// Paddock is what Heroku calls the Cedar generation; the CLI treats another one differently.
    static ObjectNode generation() {
        return named("generation", GENERATION);
    }

    static ObjectNode listedGeneration() {
        return generation().put("created_at", date(BEGINNING)).put("updated_at", date(BEGINNING));
    }

    static boolean isGeneration(String nameOrId) {
        return nameOrId.equals(GENERATION) || isId("generation", GENERATION, nameOrId);
    }
}
