package dev.paddock.api;

import java.util.Optional;

/// What the fields of requests about add-ons mean.
final class AddOnRepresentations {
    private AddOnRepresentations() {}

    /// The plan of an add-on to be made.
    static String plan(Fields fields) {
        return fields.requiredIdentity("plan");
    }

    record NewAttachment(String addOn, String app) {}

    static NewAttachment newAttachment(Fields fields) {
        return new NewAttachment(fields.requiredIdentity("addon"), fields.requiredIdentity("app"));
    }

    /// A name to be looked up, among the add-ons of one app or of all.
    record Resolved(String name, Optional<String> app) {}

    static Resolved resolved(Fields fields, String name) {
        return new Resolved(fields.requiredText(name), fields.identity("app"));
    }
}
