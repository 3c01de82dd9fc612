package dev.paddock.api;

import dev.paddock.accounts.Account;
import dev.paddock.apps.Apps;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import dev.paddock.metering.Invoice;
import dev.paddock.metering.Meter;
import dev.paddock.metering.Meter.Quota;
import java.time.DateTimeException;
import java.time.YearMonth;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/// What apps used and cost: the bill, for `paddock bill`, and the free hours, for `heroku ps`.
final class BillEndpoints {
    /// Not a path of Heroku's.
    static final String PATH = "/paddock/apps/{app}/bill";

    private static final Pattern MONTH = Pattern.compile("[0-9]{4}-[0-9]{2}");

    private final Apps apps;
    private final Meter meter;

    BillEndpoints(Apps apps, Meter meter) {
        this.apps = apps;
        this.meter = meter;
    }

    Answer quota(Call call) {
        Account self = AccountEndpoints.requireSelf(call);
        Quota quota = meter.quota(self.id());
        return Answer.ok(BillRepresentations.quota(quota));
    }

    Answer bill(Call call) {
        Billed billed = find(call);
        Invoice bill = invoice(call, billed);
        return Answer.ok(BillRepresentations.bill(bill, explains(call)));
    }

    /// The same for people.
    String text(Call call) {
        Billed billed = find(call);
        return BillText.of(billed.name(), invoice(call, billed), explains(call));
    }

    private Invoice invoice(Call call, Billed billed) {
        return meter.invoice(billed.app(), billed.owner(), month(call));
    }

    private static boolean explains(Call call) {
        return call.query("explain").filter(value -> value.equals("true")).isPresent();
    }

    private YearMonth month(Call call) {
        Optional<String> text = call.query("month");
        if (text.isEmpty()) {
            return meter.thisMonth();
        }
        try {
            if (MONTH.matcher(text.get()).matches()) {
                return YearMonth.parse(text.get());
            }
        } catch (DateTimeException noSuchMonth) {
            // Said below.
        }
        throw UserError.invalid("A month is given as YYYY-MM, like 2026-03.");
    }

    /// One's own app; for the operator any; and then, by its last name or its id, one that is gone: what ran is owed.
    private Billed find(Call call) {
        String key = call.path("app");
        boolean operator = call.account().operator();
        return (operator ? apps.all() : apps.list(call.account()))
                .stream()
                        .filter(app ->
                                app.name().value().equals(key)
                                        || app.id().toString().equalsIgnoreCase(key))
                        .findFirst()
                        .map(Billed::of)
                        .or(() ->
                                meter.formerApp(key)
                                        .filter(app ->
                                                operator || app.owner().equals(call.account().id()))
                                        .filter(app -> apps.find(app.id()).isEmpty())
                                        .map(Billed::of))
                        .orElseThrow(() -> UserError.notFound("app"));
    }

    private record Billed(AppId app, UUID owner, String name) {
        static Billed of(App app) {
            return new Billed(app.id(), app.owner().id(), app.name().value());
        }

        static Billed of(Meter.FormerApp app) {
            return new Billed(app.id(), app.owner(), app.name() + " (gone)");
        }
    }
}
