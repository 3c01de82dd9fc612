package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.dyno.Exit;
import dev.paddock.metering.DynoRecord;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The bill of an app, over HTTP, from transitions in a real record.
class BillTest {
    private static final Instant BEGIN = Instant.parse("2026-03-01T00:00:00Z");

    @TempDir private static Path directory;
    private static TestPlatform platform;
    private static ApiClient client;
    private static DynoRecord record;

    @BeforeAll
    static void start() {
        platform = new TestPlatform(directory);
        client = platform.client();
        record = new DynoRecord(platform.database);
        App app = platform.app("billed");
        ran(app.id(), "web.1", DynoSize.STANDARD_1X, Duration.ZERO, Duration.ofDays(31));
        ran(app.id(), "worker.1", DynoSize.STANDARD_2X, Duration.ZERO, Duration.ofDays(1));
        ran(app.id(), "worker.1", DynoSize.STANDARD_2X, Duration.ofDays(31), Duration.ofHours(1));
    }

    @AfterAll
    static void stop() {
        platform.close();
    }

    private static void ran(
            AppId app, String name, DynoSize size, Duration start, Duration length) {
        DynoId dyno = DynoId.random();
        record.store(transition(dyno, app, name, size, DynoState.STARTING, start));
        record.store(transition(dyno, app, name, size, DynoState.CRASHED, start.plus(length)));
    }

    private static DynoTransition transition(
            DynoId dyno, AppId app, String name, DynoSize size, DynoState to, Duration at) {
        return new DynoTransition(
                dyno,
                app,
                DynoName.parse(name),
                DynoKind.FORMATION,
                size,
                new ReleaseVersion(3),
                DynoState.UP,
                to,
                to == DynoState.STARTING ? Reason.START : Reason.EXIT,
                new Tick(at.toNanos()),
                "boot",
                BEGIN.plus(at),
                "serve",
                false,
                to == DynoState.STARTING ? Optional.empty() : Optional.of(Exit.of(1)));
    }

    @Test
    void billHasALinePerTypeAndSize() {
        assertThat(client.get("/paddock/apps/billed/bill?month=2026-03").http().body())
                .isEqualTo(
                        "{\"lines\":[{\"type\":\"web\",\"size\":\"Standard-1X\",\"seconds\":2678400,"
                                + "\"free_seconds\":2613600,\"cents\":63},"
                                + "{\"type\":\"worker\",\"size\":\"Standard-2X\",\"seconds\":86400,"
                                + "\"free_seconds\":86400,\"cents\":0}],\"cents\":63}");
        assertThat(client.get("/paddock/apps/billed/bill?month=2026-04").http().body())
                .contains("\"seconds\":3600,");
    }

    @Test
    void explainedLinesHaveTheirIntervals() {
        var line =
                client.get("/paddock/apps/billed/bill?month=2026-03&explain=true")
                        .json()
                        .get("lines")
                        .get(0);

        var interval = line.get("intervals").get(0);
        assertThat(line.get("intervals").size()).isOne();
        assertThat(interval.get("from").stringValue()).isEqualTo("2026-03-01T00:00:00Z");
        assertThat(interval.get("to").stringValue()).isEqualTo("2026-04-01T00:00:00Z");
        assertThat(interval.get("seconds")).isEqualTo(line.get("seconds"));
        assertThat(interval.get("free_seconds")).isEqualTo(line.get("free_seconds"));
    }

    @Test
    void textExplainsHowTheSumComesAbout() {
        String text =
                client.get("/paddock/apps/billed/bill?month=2026-03&explain=true&format=text")
                        .http()
                        .body();

        assertThat(text)
                .contains("Bill of billed for March 2026, up to 2026-04-01 00:00:00 UTC")
                .contains("they were used up at 2026-03-31 06:00:00 UTC")
                .contains(
                        "2,678,400 s - 2,613,600 s free = 64,800 s x 3.5 cents / 3,600 s = 63 cents")
                .contains("crashed (status 1)")
                .contains("2026-03-31  web")
                .contains("$0.63");
    }

    @Test
    void appThatIsGoneStillHasItsBillForItsOwnerAlone() {
        App app = platform.app("gone-soon");
        ran(app.id(), "web.1", DynoSize.BASIC, Duration.ZERO, Duration.ofHours(1));
        assertThat(client.delete("/apps/gone-soon").status()).isEqualTo(200);

        for (String key : new String[] {"gone-soon", app.id().toString()}) {
            assertThat(client.get("/paddock/apps/" + key + "/bill?month=2026-03").http().body())
                    .contains("\"seconds\":3600,");
        }
        var other = platform.accounts.create("stranger@example.com", "Stranger");
        String key = platform.authorizations.issue(other, "key", Optional.empty()).token();
        var stranger = client.with("Authorization", "Bearer " + key);
        assertThat(stranger.get("/paddock/apps/gone-soon/bill").status()).isEqualTo(404);
        assertThat(stranger.get("/paddock/apps/billed/bill").status()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"2026-13", "2026", "last", "2026-03-01", "%00"})
    void oddMonthsAreRefused(String month) {
        var answer = client.get("/paddock/apps/billed/bill?month=" + month);

        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.text("message")).contains("YYYY-MM");
    }
}
