package dev.paddock.router;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/// Counts of this router since its start, as Prometheus text. Safe for any thread.
final class RouterStats {
    private final LongAdder[] byClass = new LongAdder[6];
    private final Map<String, LongAdder> byCode = new ConcurrentHashMap<>();
    private final LongAdder requests = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder connections = new LongAdder();
    private final LongAdder open = new LongAdder();
    private final LongAdder faults = new LongAdder();

    RouterStats() {
        for (int i = 0; i < byClass.length; i++) {
            byClass[i] = new LongAdder();
        }
    }

    void count(RequestLine.Facts facts) {
        requests.increment();
        byClass[Math.clamp(facts.status() / 100, 0, byClass.length - 1)].increment();
        if (facts.bytes() > 0) {
            bytes.add(facts.bytes());
        }
        RouterFailure failure = facts.failure();
        if (failure != null && !failure.code().isEmpty()) {
            byCode.computeIfAbsent(failure.code(), _ -> new LongAdder()).increment();
        }
    }

    void opened() {
        connections.increment();
        open.increment();
    }

    void closed() {
        open.decrement();
    }

    void countFault() {
        faults.increment();
    }

    String prometheusText() {
        StringBuilder text = new StringBuilder();
        metric(text, "paddock_router_requests_total", "counter", requests.sum());
        metric(text, "paddock_router_sent_bytes_total", "counter", bytes.sum());
        metric(text, "paddock_router_connections_total", "counter", connections.sum());
        metric(text, "paddock_router_open_connections", "gauge", open.sum());
        metric(text, "paddock_router_faults_total", "counter", faults.sum());
        text.append("# TYPE paddock_router_responses_total counter\n");
        for (int i = 1; i < byClass.length; i++) {
            text.append(
                    "paddock_router_responses_total{class=\"%dxx\"} %d%n"
                            .formatted(i, byClass[i].sum()));
        }
        text.append("# TYPE paddock_router_failures_total counter\n");
        new TreeMap<>(byCode)
                .forEach((code, count) ->
                        text.append(
                                "paddock_router_failures_total{code=\"%s\"} %d%n"
                                        .formatted(code, count.sum())));
        return text.toString();
    }

    private static void metric(StringBuilder text, String name, String type, long value) {
        text.append("# TYPE %s %s%n%s %d%n".formatted(name, type, name, value));
    }
}
