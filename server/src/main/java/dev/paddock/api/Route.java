package dev.paddock.api;

import io.javalin.http.HandlerType;
import java.util.Map;
import java.util.regex.Pattern;

/// One line of the list of routes: a method, a path, and what answers it.
record Route(HandlerType method, String path, Endpoint endpoint) {
    /// Names, ids and addresses.
    private static final Pattern HARMLESS = Pattern.compile("[A-Za-z0-9._@~+*-]{1,100}");

    static Route get(String path, Endpoint endpoint) {
        return new Route(HandlerType.GET, path, endpoint);
    }

    static Route post(String path, Endpoint endpoint) {
        return new Route(HandlerType.POST, path, endpoint);
    }

    static Route patch(String path, Endpoint endpoint) {
        return new Route(HandlerType.PATCH, path, endpoint);
    }

    static Route put(String path, Endpoint endpoint) {
        return new Route(HandlerType.PUT, path, endpoint);
    }

    static Route delete(String path, Endpoint endpoint) {
        return new Route(HandlerType.DELETE, path, endpoint);
    }

    /// The path of one request, as far as it may be written down: a parameter can be a URL with a password in it.
    String shown(Map<String, String> parameters) {
        String shown = path;
        for (Map.Entry<String, String> parameter : parameters.entrySet()) {
            String value = parameter.getValue();
            shown =
                    shown.replace(
                            "{" + parameter.getKey() + "}",
                            HARMLESS.matcher(value).matches() ? value : "...");
        }
        return shown;
    }

    /// Answers an authenticated call.
    interface Endpoint {
        Answer answer(Call call);
    }
}
