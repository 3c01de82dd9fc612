package dev.paddock.api;

import static dev.paddock.apps.Permission.DEPLOY;
import static dev.paddock.apps.Permission.MANAGE;
import static dev.paddock.apps.Permission.OPERATE;
import static dev.paddock.apps.Permission.VIEW;

import dev.paddock.accounts.Scope;
import dev.paddock.apps.Permission;
import io.javalin.http.HandlerType;
import java.util.List;
import java.util.Set;

/// What a request needs by its method and the path of its route: scopes of the key, permissions for the app. Pure.
final class AccessRules {
    /// Ends of paths that read though they are posted to.
    private static final List<String> READING_POSTS =
            List.of(
                    "/log-sessions",
                    "/filters/apps",
                    "/actions/addons/resolve",
                    "/actions/addon-attachments/resolve");

    /// What every key may ask for: whose it is, and what is left of its requests.
    private static final Set<String> IDENTITY =
            Set.of("/account", "/users/{user}", "/account/rate-limits");

    private static final List<String> GLOBAL_ONLY =
            List.of("/account", "/users", "/oauth", "/paddock", "/operator");

    private static final Set<String> DEPLOYING =
            Set.of(
                    "config-vars",
                    "releases",
                    "slugs",
                    "builds",
                    "build-cache",
                    "sources",
                    "buildpack-installations",
                    "pipeline-couplings",
                    "review-app");

    private AccessRules() {}

    static boolean allows(List<Scope> scopes, HandlerType method, String path) {
        if (scopes.contains(Scope.GLOBAL)) {
            return true;
        }
        boolean reads = reads(method, path);
        if (reads && IDENTITY.contains(path)) {
            return true;
        }
        if (GLOBAL_ONLY.stream().anyMatch(path::startsWith)) {
            return false;
        }
        Set<Scope> enough =
                secret(method, path)
                        ? reads
                                ? Set.of(Scope.READ_PROTECTED, Scope.WRITE_PROTECTED)
                                : Set.of(Scope.WRITE_PROTECTED)
                        : reads
                                ? Set.of(
                                        Scope.READ,
                                        Scope.WRITE,
                                        Scope.READ_PROTECTED,
                                        Scope.WRITE_PROTECTED)
                                : Set.of(Scope.WRITE, Scope.WRITE_PROTECTED);
        return scopes.stream().anyMatch(enough::contains);
    }

    /// Any of these permissions is enough.
    static Set<Permission> permissions(HandlerType method, String path) {
        String[] parts = path.split("/", -1);
        String what = parts.length > 3 ? parts[3] : "";
        if (reads(method, path)) {
            return secret(method, path) ? Set.of(DEPLOY, OPERATE) : Set.of(VIEW);
        }
        return switch (what) {
            case "" -> method.equals(HandlerType.DELETE) ? Set.of(MANAGE) : Set.of(OPERATE);
            case "collaborators" -> Set.of(MANAGE);
            case String other -> DEPLOYING.contains(other) ? Set.of(DEPLOY) : Set.of(OPERATE);
        };
    }

    private static boolean reads(HandlerType method, String path) {
        return method.equals(HandlerType.GET) || READING_POSTS.stream().anyMatch(path::endsWith);
    }

    /// What shows or changes config vars, which a one-off dyno can print, and where the app's code is to be had.
    private static boolean secret(HandlerType method, String path) {
        return path.endsWith("/config-vars")
                || path.endsWith("/slugs/{slug}")
                || (method.equals(HandlerType.POST) && path.endsWith("/dynos"));
    }
}
