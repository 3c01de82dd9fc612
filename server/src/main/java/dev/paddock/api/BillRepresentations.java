package dev.paddock.api;

import dev.paddock.metering.DynoInterval;
import dev.paddock.metering.Invoice;
import dev.paddock.metering.Meter.Quota;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// The JSON of bills and free hours.
final class BillRepresentations {
    private BillRepresentations() {}

    /// As the Heroku CLI reads it; in seconds.
    static ObjectNode quota(Quota quota) {
        ObjectNode json =
                object().put("account_quota", quota.plan().seconds())
                        .put("quota_used", quota.usedInAll());
        ArrayNode used = json.putArray("apps");
        quota.usedSeconds()
                .forEach((app, seconds) ->
                        used.addObject()
                                .put("app_uuid", app.toString())
                                .put("quota_used", seconds));
        return json;
    }

    static ObjectNode bill(Invoice bill, boolean explain) {
        ObjectNode json = object();
        ArrayNode lines = json.putArray("lines");
        for (Invoice.Line line : bill.lines()) {
            ObjectNode shown =
                    lines.addObject()
                            .put("type", line.type().value())
                            .put("size", line.size().name())
                            .put("seconds", line.seconds())
                            .put("free_seconds", line.freeSeconds())
                            .put("cents", line.cents());
            if (explain) {
                shown.put("cents_per_hour", line.size().centsPerHour());
                ArrayNode intervals = shown.putArray("intervals");
                line.charges().forEach(charge -> intervals.add(charge(charge)));
            }
        }
        return json.put("cents", bill.cents());
    }

    private static ObjectNode charge(Invoice.Charge charge) {
        DynoInterval interval = charge.interval();
        return object().put("dyno", interval.name().toString())
                .put("id", interval.dyno().toString())
                .put("release", interval.release().number())
                .put("from", interval.from().toString())
                .put("to", interval.to().toString())
                .put("seconds", interval.seconds())
                .put("free_seconds", charge.freeSeconds())
                .put("state", interval.end().map(end -> end.state().toString()).orElse(null))
                .put("reason", interval.end().map(end -> end.reason().name()).orElse(null));
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
