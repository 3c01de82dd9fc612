package dev.paddock.api;

import io.javalin.http.HandlerType;

/// One line of the list of routes: a method, a path, and what answers it.
record Route(HandlerType method, String path, Endpoint endpoint) {
    static Route get(String path, Endpoint endpoint) {
        return new Route(HandlerType.GET, path, endpoint);
    }

    static Route post(String path, Endpoint endpoint) {
        return new Route(HandlerType.POST, path, endpoint);
    }

    static Route patch(String path, Endpoint endpoint) {
        return new Route(HandlerType.PATCH, path, endpoint);
    }

    static Route delete(String path, Endpoint endpoint) {
        return new Route(HandlerType.DELETE, path, endpoint);
    }

    /// Answers an authenticated call.
    interface Endpoint {
        Answer answer(Call call);
    }
}
