package dev.paddock.router;

import static dev.paddock.router.TestRouter.app;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.ControlFrame;
import dev.paddock.routes.DynoRoute;
import java.io.IOException;
import java.io.StringWriter;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Figures by app and dyno, for the platform and as Prometheus text.
class RouterStatsTest {
    private static final Pattern SAMPLE =
            Pattern.compile(
                    "paddock_router_[a-z_]+(\\{[a-z]+=\"(?:[^\"\\\\\\n]|\\\\[\\\\\"n])*\""
                            + "(,[a-z]+=\"(?:[^\"\\\\\\n]|\\\\[\\\\\"n])*\")*\\})? [0-9.]+");

    @Test
    void requestsAreCountedByAppDynoStatusAndCode() throws IOException {
        AppRoute dead =
                AppRoute.of(
                        "",
                        "dead",
                        List.of("dead.localhost"),
                        List.of(new DynoRoute("web.1", "", DynoRoute.State.CRASHED)));
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("hello"));
                TestRouter router = new TestRouter(app(dyno), dead)) {
            for (int i = 0; i < 3; i++) {
                try (RawClient client = router.connect()) {
                    assertThat(client.get("/").response().status()).isEqualTo(200);
                    client.send("GET / HTTP/1.1\r\nHost: dead.localhost\r\n\r\n");
                    assertThat(client.response().status()).isEqualTo(503);
                    client.send("GET / HTTP/1.1\r\nHost: unknown.localhost\r\n\r\n");
                    assertThat(client.response().status()).isEqualTo(404);
                }
            }

            assertThat(lines(router))
                    .contains("paddock_router_connections_total 3")
                    .contains(
                            "paddock_router_requests_total{app=\"a\",dyno=\"web.1\",status=\"200\"} 3")
                    .contains(
                            "paddock_router_requests_total{app=\"dead\",dyno=\"\",status=\"503\"} 3")
                    .contains("paddock_router_requests_total{app=\"\",dyno=\"\",status=\"404\"} 3")
                    .contains(
                            "paddock_router_failures_total{app=\"dead\",dyno=\"\",code=\"H10\"} 3")
                    .contains("paddock_router_in_flight{app=\"a\",dyno=\"web.1\"} 0")
                    .contains("paddock_router_queued{app=\"a\"} 0")
                    .contains(
                            "paddock_router_service_seconds_bucket{app=\"a\",dyno=\"web.1\",le=\"+Inf\"} 3")
                    .contains("paddock_router_service_seconds_count{app=\"a\",dyno=\"web.1\"} 3");
        }
    }

    @Test
    void textIsAValidExposition() throws IOException {
        AppRoute odd = AppRoute.of("", "o\"d\\d\n", List.of("odd.localhost"), List.of());
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("hello"));
                TestRouter router = new TestRouter(app(dyno), odd);
                RawClient client = router.connect()) {
            client.get("/").response();
            client.send("GET / HTTP/1.1\r\nHost: odd.localhost\r\n\r\n");
            client.response();

            Set<String> families = new LinkedHashSet<>();
            String family = "";
            long bucket = 0;
            for (String line : lines(router)) {
                if (line.startsWith("# HELP ")) {
                    family = line.substring(7, line.indexOf(' ', 7));
                    assertThat(families.add(family)).as("one group of lines: " + family).isTrue();
                } else if (line.startsWith("# TYPE ")) {
                    assertThat(line).startsWith("# TYPE " + family + " ");
                    assertThat(family.endsWith("_total")).isEqualTo(line.endsWith(" counter"));
                } else {
                    assertThat(line).startsWith(family).matches(SAMPLE);
                    if (line.contains("_bucket{")) {
                        long count = Long.parseLong(line.substring(line.lastIndexOf(' ') + 1));
                        bucket = line.contains("le=\"+Inf\"") ? 0 : Math.max(bucket, count);
                        assertThat(count).isGreaterThanOrEqualTo(bucket);
                    }
                }
            }
            assertThat(lines(router)).contains("paddock_router_queued{app=\"o\\\"d\\\\d\\n\"} 0");
        }
    }

    @Test
    void figuresOfWhatLeftTheTableDisappear() throws IOException {
        try (FakeDyno one = new FakeDyno(FakeDyno.answering("1"));
                FakeDyno two = new FakeDyno(FakeDyno.answering("2"));
                TestRouter router = new TestRouter(app(one, two));
                RawClient client = router.connect()) {
            for (int i = 0; i < 40; i++) {
                client.get("/").response();
            }
            assertThat(text(router)).contains("dyno=\"web.1\"").contains("dyno=\"web.2\"");

            router.use(app(one));
            assertThat(text(router)).contains("dyno=\"web.1\"").doesNotContain("dyno=\"web.2\"");

            router.use();
            assertThat(text(router)).doesNotContain("app=\"a\"");
        }
    }

    @Test
    void loadsTellWhatHappenedSinceTheLastCall() throws IOException {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("1"));
                TestRouter router = new TestRouter(app(dyno));
                RawClient client = router.connect()) {
            for (int i = 0; i < 8; i++) {
                client.get("/").response();
            }

            ControlFrame.AppLoad load = router.router().loads(2).getFirst();
            assertThat(load.app()).isEqualTo("a");
            assertThat(load.rps()).isEqualTo(4);
            assertThat(load.p50()).isPositive().isLessThanOrEqualTo(load.p99());
            assertThat(load.dynos()).containsExactly(new ControlFrame.DynoLoad("web.1", 0));
            assertThat(router.router().loads(1)).isEmpty();
        }
    }

    @Test
    void bucketsAreNarrowAndTheirBordersExact() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 100_000; i++) {
            long micros = random.nextLong(1L << random.nextInt(1, 37));
            int bucket = TimeBuckets.of(micros);
            long upTo = TimeBuckets.upToMicros(bucket);

            assertThat(upTo).isBetween(micros, Math.max(micros, micros + micros / 8));
            if (bucket > 0) {
                assertThat(TimeBuckets.upToMicros(bucket - 1)).isLessThan(Math.max(1, micros));
            }
        }
        for (int power = 0; power < 37; power++) {
            assertThat(TimeBuckets.upToMicros(TimeBuckets.of(1L << power))).isEqualTo(1L << power);
        }
    }

    private static List<String> lines(TestRouter router) throws IOException {
        return text(router).lines().toList();
    }

    private static String text(TestRouter router) throws IOException {
        StringWriter text = new StringWriter();
        PrometheusText.write(router.router().stats(), text);
        return text.toString();
    }
}
