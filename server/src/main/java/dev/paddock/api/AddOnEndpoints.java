package dev.paddock.api;

import static dev.paddock.api.Route.delete;
import static dev.paddock.api.Route.get;
import static dev.paddock.api.Route.patch;
import static dev.paddock.api.Route.post;

import dev.paddock.apps.Apps;
import dev.paddock.apps.Permission;
import dev.paddock.core.UserError;
import java.util.List;
import java.util.Set;

/// Add-ons, their attachments, services and plans: a catalogue with nothing in it, so that no add-on can exist. What a
/// request names besides, as the app, is looked up first.
final class AddOnEndpoints {
    private static final int SHOWN_CHARS = 100;

    private final AppEndpoints apps;
    private final Apps all;

    AddOnEndpoints(AppEndpoints apps, Apps all) {
        this.apps = apps;
        this.all = all;
    }

    List<Route> routes() {
        return List.of(
                get("/addons", this::none),
                get("/addons/{addon}", this::noAddOn),
                get("/addons/{addon}/addon-attachments", this::noAddOn),
                get("/users/{user}/addons", this::noneOfUser),
                post("/actions/addons/resolve", this::resolveAddOn),
                get("/apps/{app}/addons", apps::none),
                post("/apps/{app}/addons", this::create),
                get("/apps/{app}/addons/{addon}", this::noAddOnOfApp),
                patch("/apps/{app}/addons/{addon}", this::noAddOnOfApp),
                delete("/apps/{app}/addons/{addon}", this::noAddOnOfApp),
                get("/addon-attachments", this::none),
                post("/addon-attachments", this::attach),
                get("/addon-attachments/{attachment}", this::noAttachment),
                delete("/addon-attachments/{attachment}", this::noAttachment),
                post("/actions/addon-attachments/resolve", this::resolveAttachment),
                get("/apps/{app}/addon-attachments", apps::none),
                get("/apps/{app}/addon-attachments/{attachment}", this::noAttachmentOfApp),
                get("/addon-services", this::none),
                get("/addon-services/{service}", this::noService),
                get("/addon-services/{service}/plans", this::noService),
                get("/addon-services/{service}/plans/{plan}", this::noService),
                get("/plans/{plan}", this::noPlan));
    }

    private Answer none(Call call) {
        return Answer.list(List.of());
    }

    private Answer noneOfUser(Call call) {
        AccountEndpoints.requireSelf(call);
        return none(call);
    }

    private Answer create(Call call) {
        apps.find(call);
        throw noSuchPlan(AddOnRepresentations.plan(call.fields()));
    }

    /// What Heroku answers for a plan that its catalogue does not have.
    private static UserError noSuchPlan(String plan) {
        String shown = plan.length() > SHOWN_CHARS ? plan.substring(0, SHOWN_CHARS) + "..." : plan;
        return UserError.invalid(
                "Couldn't find either the add-on service or the add-on plan of \"" + shown + "\".");
    }

    private Answer attach(Call call) {
        AddOnRepresentations.NewAttachment wanted =
                AddOnRepresentations.newAttachment(call.fields());
        all.get(call.account(), wanted.app(), Set.of(Permission.OPERATE));
        return noAddOn(call);
    }

    private Answer resolveAddOn(Call call) {
        requireApp(call, AddOnRepresentations.resolved(call.fields(), "addon"));
        return noAddOn(call);
    }

    private Answer resolveAttachment(Call call) {
        requireApp(call, AddOnRepresentations.resolved(call.fields(), "addon_attachment"));
        return noAttachment(call);
    }

    private void requireApp(Call call, AddOnRepresentations.Resolved wanted) {
        wanted.app().ifPresent(app -> all.get(call.account(), app, Set.of(Permission.VIEW)));
    }

    private Answer noAddOnOfApp(Call call) {
        apps.find(call);
        return noAddOn(call);
    }

    private Answer noAttachmentOfApp(Call call) {
        apps.find(call);
        return noAttachment(call);
    }

    /// The CLI goes on to look for attachments or among all apps only when it reads these resources.
    private Answer noAddOn(Call call) {
        throw new UserError("not_found", "Couldn't find that add-on.", "add_on");
    }

    private Answer noAttachment(Call call) {
        throw UserError.notFound("add_on attachment");
    }

    private Answer noService(Call call) {
        throw new UserError("not_found", "Couldn't find that add-on service.", "addon_service");
    }

    private Answer noPlan(Call call) {
        throw UserError.notFound("plan");
    }
}
