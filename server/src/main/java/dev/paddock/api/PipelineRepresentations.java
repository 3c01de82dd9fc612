package dev.paddock.api;

import static dev.paddock.api.Representations.date;
import static dev.paddock.api.Representations.object;

import dev.paddock.core.App;
import dev.paddock.core.UserError;
import dev.paddock.deploys.Promotion;
import dev.paddock.pipelines.Coupling;
import dev.paddock.pipelines.Pipeline;
import dev.paddock.pipelines.Stage;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import tools.jackson.databind.node.ObjectNode;

/// The JSON of pipelines, couplings and promotions. Immutable.
final class PipelineRepresentations {
    private static final String USER = "user";

    ObjectNode pipeline(Pipeline pipeline) {
        ObjectNode json =
                object().put("id", pipeline.id().toString())
                        .put("name", pipeline.name())
                        .put("created_at", date(pipeline.createdAt()))
                        .put("updated_at", date(pipeline.updatedAt()));
        json.set("owner", owner(pipeline.owner()));
        json.set("generation", CatalogueRepresentations.generation());
        return json;
    }

    private static ObjectNode owner(UUID id) {
        return object().put("id", id.toString()).put("type", USER);
    }

    static String name(Fields fields) {
        return fields.requiredText("name");
    }

    static Optional<String> newName(Fields fields) {
        return fields.text("name");
    }

    /// Whom a new pipeline is to belong to; empty for who makes it.
    static Optional<String> owner(Fields fields) {
        return fields.object("owner").flatMap(PipelineRepresentations::ownerId);
    }

    private static Optional<String> ownerId(Fields owner) {
        if (!owner.text("type").orElse(USER).equals(USER)) {
            throw UserError.invalid("This platform has no teams: pipelines belong to users.");
        }
        return owner.text("id");
    }

    ObjectNode coupling(Coupling coupling) {
        ObjectNode json =
                object().put("id", coupling.id().toString())
                        .put("stage", coupling.stage().toString())
                        .put("created_at", date(coupling.createdAt()))
                        .put("updated_at", date(coupling.updatedAt()));
        json.putObject("app").put("id", coupling.app().toString());
        json.putObject("pipeline")
                .put("id", coupling.pipeline().toString())
                .put("name", coupling.pipelineName());
        return json;
    }

    record NewCoupling(String app, String pipeline, Stage stage) {}

    static NewCoupling newCoupling(Fields fields) {
        return new NewCoupling(
                required(fields, "app"), required(fields, "pipeline"), stage(fields));
    }

    static Stage stage(Fields fields) {
        return Stage.parse(fields.requiredText("stage"));
    }

    private static String required(Fields fields, String name) {
        return fields.identity(name)
                .filter(text -> !text.isBlank())
                .orElseThrow(() -> UserError.invalid("The field `" + name + "` is missing."));
    }

    record NewTransfer(String pipeline, String owner) {}

    static NewTransfer newTransfer(Fields fields) {
        return new NewTransfer(
                required(fields, "pipeline"),
                fields.object("new_owner")
                        .flatMap(PipelineRepresentations::ownerId)
                        .orElseThrow(() -> UserError.invalid("The field `new_owner` is missing.")));
    }

    ObjectNode transfer(Pipeline pipeline, UUID before, UUID after) {
        ObjectNode json = object();
        json.putObject("pipeline").put("id", pipeline.id().toString());
        json.set("previous_owner", owner(before));
        json.set("new_owner", owner(after));
        return json;
    }

    record NewPromotion(String pipeline, String source, List<String> targets) {}

    static NewPromotion newPromotion(Fields fields) {
        return new NewPromotion(
                required(fields, "pipeline"),
                fields.object("source")
                        .map(source -> required(source, "app"))
                        .orElseThrow(() -> UserError.invalid("The field `source` is missing.")),
                fields.objects("targets").stream()
                        .map(target -> required(target, "app"))
                        .distinct()
                        .toList());
    }

    ObjectNode promotion(Promotion promotion) {
        ObjectNode json =
                object().put("id", promotion.id().toString())
                        .put("status", completed(promotion))
                        .put("created_at", date(promotion.createdAt()))
                        .put("updated_at", date(promotion.updatedAt()));
        json.putObject("pipeline").put("id", promotion.pipeline().toString());
        ObjectNode source = json.putObject("source");
        source.putObject("app").put("id", promotion.app().toString());
        source.putObject("release").put("id", promotion.release().toString());
        return json;
    }

    /// The Platform API knows no failed promotion, only failed targets of one.
    private static String completed(Promotion promotion) {
        return switch (promotion.status()) {
            case PENDING -> "pending";
            case SUCCEEDED, FAILED -> "completed";
        };
    }

    ObjectNode target(Promotion promotion, Promotion.Target target) {
        ObjectNode json =
                object().put("id", target.id().toString())
                        .put("status", target.status().name().toLowerCase(Locale.ROOT))
                        .put("error_message", target.error().orElse(null));
        json.putObject("app").put("id", target.app().toString());
        json.putObject("pipeline_promotion").put("id", promotion.id().toString());
        if (target.release().isEmpty()) {
            return json.putNull("release");
        }
        json.putObject("release").put("id", target.release().get().toString());
        return json;
    }

    ObjectNode stack(Representations json, App app) {
        ObjectNode stack = object();
        stack.set("stack", json.stackIdentity(app.stack()));
        return stack;
    }

    /// An app as one found among those of a team: nobody has to join it, and nobody is kept from it.
    ObjectNode found(Representations json, App app) {
        return json.app(app).put("joined", true).put("locked", false);
    }

    static List<String> appIds(Fields fields) {
        return fields.object("in").map(in -> in.strings("id")).orElse(List.of());
    }
}
