package dev.paddock.api;

import dev.paddock.accounts.Accounts;
import dev.paddock.core.UserError;
import dev.paddock.metering.Activity;

/// What the operator of the platform may ask beyond Heroku's API: all apps at once, whoever owns them.
final class OperatorEndpoints {
    private final Accounts accounts;
    private final Activity activity;

    OperatorEndpoints(Accounts accounts, Activity activity) {
        this.accounts = accounts;
        this.activity = activity;
    }

    /// What `paddock top` shows.
    Answer activity(Call call) {
        requireOperator(call);
        return Answer.ok(ActivityRepresentations.json(activity.now()));
    }

    private void requireOperator(Call call) {
        boolean isOperator =
                accounts.operator()
                        .filter(operator -> operator.id().equals(call.account().id()))
                        .isPresent();
        if (!isOperator) {
            throw new UserError("forbidden", "Only the operator of this platform may see this.");
        }
    }
}
