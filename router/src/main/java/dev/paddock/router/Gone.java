package dev.paddock.router;

import java.util.ArrayList;
import java.util.List;

/// What a new table no longer holds: apps, and dynos that are not up in it. Filled by who makes the table, then read.
record Gone(List<Backend> dynos, List<RoutedApp> apps) {
    static Gone nothing() {
        return new Gone(new ArrayList<>(0), new ArrayList<>(0));
    }

    void add(RoutedApp app) {
        apps.add(app);
        dynos.addAll(app.retire());
    }
}
