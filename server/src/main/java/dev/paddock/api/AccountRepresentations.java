package dev.paddock.api;

import static dev.paddock.api.Representations.date;
import static dev.paddock.api.Representations.object;

import dev.paddock.accounts.Account;
import dev.paddock.core.UserError;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// The JSON of the account that asks, and what the fields of changes to it mean.
final class AccountRepresentations {
    private AccountRepresentations() {}

    static ObjectNode account(Account account) {
        return object().put("id", account.id().toString())
                .put("email", account.email())
                .put("name", account.name())
                .put("allow_tracking", false)
                .put("beta", false)
                .put("country_of_residence", (String) null)
                .put("created_at", date(account.createdAt()))
                .putNull("default_organization")
                .putNull("default_team")
                .put("delinquent_at", (String) null)
                .put("federated", false)
                .putNull("identity_provider")
                .put("last_login", (String) null)
                .put("sms_number", (String) null)
                .put("suspended_at", (String) null)
                .put("two_factor_authentication", false)
                .put("updated_at", date(account.updatedAt()))
                .put("verified", true);
    }

    /// The new name of an account; empty when the request does not change it. What a request would change besides is
    /// not for its user to change, or there is nothing of the kind here.
    static Optional<String> accountName(Fields fields, Account account) {
        for (String field : List.of("allow_tracking", "beta")) {
            if (fields.flag(field).orElse(false)) {
                throw UserError.invalid(
                        "The field `" + field + "` can only be false: nobody is tracked here.");
            }
        }
        if (fields.text("email").filter(email -> !email.equals(account.email())).isPresent()) {
            throw UserError.invalid(
                    "The e-mail address of an account stays as it is; the operator can add another"
                            + " account: paddock users add");
        }
        if (fields.mentions("password") || fields.mentions("new_password")) {
            throw UserError.invalid(
                    "Accounts have no password, API keys open them: see heroku authorizations.");
        }
        return fields.mentions("name")
                ? fields.text("name").or(() -> Optional.of(""))
                : Optional.empty();
    }

    static ObjectNode rateLimit(int remaining) {
        return object().put("remaining", remaining);
    }
}
