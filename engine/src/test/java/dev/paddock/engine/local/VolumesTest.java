package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paddock.core.AppId;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Exit;
import dev.paddock.dyno.SlugRef;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class VolumesTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final long DISK = 24L << 20;

    /// More than the disk holds, which then is full to the last block.
    private static final String FILL =
            "head -c 64M /dev/zero >big; echo ended $?; [ $(stat -c %s big) -gt 10000000 ] && echo big";

    private Platform platform;

    @BeforeEach
    void open() throws IOException {
        platform = new Platform(1, DISK);
        assumeTrue(
                platform.engine.weaknesses().stream().noneMatch(text -> text.contains("disk")),
                "skipped: no file system can be made and mounted here");
    }

    @AfterEach
    void close() {
        if (platform != null) {
            platform.close();
        }
    }

    private List<String> devices() {
        return Command.run("losetup", "--all")
                .output()
                .lines()
                .filter(line -> line.contains(platform.data.toString()))
                .toList();
    }

    private void awaitNoDevice() {
        await().atMost(LIMIT).until(() -> devices().isEmpty());
    }

    @Test
    void nameOfTheDataDirectoryDoesNotMatter() throws IOException {
        try (Platform odd = Platform.oddlyNamed()) {
            for (long disk : new long[] {0, DISK}) {
                odd.reopen(disk, disk);
                SlugRef slug = odd.slug(Map.of("file", "slug\n"));
                DynoSpec web =
                        odd.slugged(
                                odd.web("cat file; exec python3 -m http.server $PORT"),
                                AppId.random(),
                                slug);

                odd.startUp(web);
                odd.engine.retire(web.id(), Duration.ZERO);
                odd.exit(web);

                assertThat(odd.lines(web)).startsWith("slug");
                assertThat(odd.run(odd.build("echo built"))).isEqualTo("built");
            }
        }
    }

    @Test
    void dynoThatFillsItsDiskIsToldSoAndOthersGoOn() throws IOException {
        SlugRef slug = platform.slug(Map.of("page", "content"));
        AppId app = AppId.random();
        DynoSpec other =
                platform.startUp(
                        platform.slugged(
                                platform.bash(
                                        "trap 'echo more >>page; cat page; exit' HUP;"
                                                + " while true; do sleep 0.1; done"),
                                app,
                                slug));

        String said = platform.run(platform.slugged(platform.bash("cat page; " + FILL), app, slug));

        assertThat(said).contains("content").contains("No space left on device");
        assertThat(said).contains("ended 1").contains("big");
        platform.engine.hangUp(other.id());
        assertThat(platform.exit(other)).isEqualTo(Exit.of(0));
        assertThat(platform.lines(other)).contains("contentmore");
        awaitNoDevice();
    }

    @Test
    void dynoWithoutSlugHasALimitedDiskToo() {
        assertThat(platform.run(platform.bash(FILL))).contains("No space left").contains("big");
    }

    @Test
    void buildHasALimitedDiskOfItsOwnSize() {
        platform.reopen(0, DISK);

        assertThat(platform.run(platform.build("cd /tmp; " + FILL)))
                .contains("No space left")
                .contains("big");
        assertThat(platform.run(platform.build(FILL))).contains("No space left").contains("big");
        assertThat(platform.run(platform.bash("head -c 64M /dev/zero >big && stat -c %s big")))
                .isEqualTo(Long.toString(64 << 20));
        awaitNoDevice();
    }

    @Test
    void dynoFromASpareHasALimitedDiskToo() {
        DynoSpec spec = platform.web(FILL);
        platform.engine.spares().keep(spec);
        platform.awaitSpare(spec);

        assertThat(platform.run(spec)).contains("No space left").contains("big");
    }

    @Test
    void diskOutlivesTheEngineAndGoesWithTheDyno() {
        DynoSpec spec =
                platform.startUp(
                        platform.bash(
                                "trap 'echo late >file && echo written; exit' HUP;"
                                        + " while true; do sleep 0.1; done"));

        platform.reopen();
        platform.engine.hangUp(spec.id());

        platform.exit(spec);
        assertThat(platform.lines(spec)).contains("written");
        platform.engine.forget(spec.id());
        awaitNoDevice();
        assertThat(platform.files(spec).disk()).doesNotExist();
    }

    @Test
    void dynoThatCannotBeCreatedLeavesNoDisk() throws IOException {
        SlugRef slug = platform.slug(Map.of("page", "content"));
        DynoSpec spec =
                platform.slugged(
                        platform.bash("true"),
                        AppId.random(),
                        new SlugRef(slug.id(), slug.file(), "0".repeat(64)));

        platform.start(spec);

        assertThat(platform.exit(spec).cause()).isEqualTo(Exit.Cause.CHECKSUM);
        platform.engine.forget(spec.id());
        awaitNoDevice();
    }

    @Test
    void diskThatCannotBeMadeIsAnnouncedAndDynosRunWithoutALimit() throws IOException {
        platform.close();
        platform = new Platform(0, 4096);

        assertThat(platform.engine.weaknesses())
                .anySatisfy(text -> assertThat(text).contains("cannot be limited"));
        assertThat(platform.run(platform.bash("echo here >file; cat file"))).isEqualTo("here");
    }
}
