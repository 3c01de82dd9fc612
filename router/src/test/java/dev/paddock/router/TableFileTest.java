package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.ControlFrame.Change;
import dev.paddock.routes.ControlFrame.Snapshot;
import dev.paddock.routes.RoutingTable;
import dev.paddock.routes.Timeouts;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TableFileTest {
    @TempDir Path directory;

    @Test
    void changesSinceTheWholeTableAreKeptBesideIt() throws IOException {
        TableFile file = file();
        file.write(new Snapshot(5, table(app("a"), app("b"))));
        file.append(List.of(new Change(6, 5, List.of(app("c")), List.of("a"))));
        file.append(List.of(new Change(9, 6, List.of(app("d")), List.of())));

        Snapshot read = file().read().orElseThrow();

        assertThat(read.table()).isEqualTo(9);
        assertThat(names(read)).containsExactlyInAnyOrder("b", "c", "d");
    }

    @Test
    void changesThatTheWholeTableHasAlreadyAreSkipped() throws IOException {
        TableFile file = file();
        file.write(new Snapshot(5, table()));
        file.append(List.of(new Change(6, 5, List.of(app("a")), List.of())));
        byte[] changes = Files.readAllBytes(changes());
        file.write(new Snapshot(6, table(app("a"))));
        // As if the router had ended between writing the table and removing the changes.
        Files.write(changes(), changes);
        file.append(List.of(new Change(7, 6, List.of(app("b")), List.of())));

        Snapshot read = file().read().orElseThrow();

        assertThat(read.table()).isEqualTo(7);
        assertThat(names(read)).containsExactlyInAnyOrder("a", "b");
    }

    @Test
    void changeCutShortByAnEndIsLeftOut() throws IOException {
        TableFile file = file();
        file.write(new Snapshot(5, table()));
        file.append(List.of(new Change(6, 5, List.of(app("a")), List.of())));
        long whole = Files.size(changes());
        file.append(List.of(new Change(7, 6, List.of(app("b")), List.of())));
        try (FileChannel channel = FileChannel.open(changes(), StandardOpenOption.WRITE)) {
            channel.truncate(whole + 10);
        }

        assertThat(file().read().orElseThrow().table()).isEqualTo(6);
    }

    @Test
    void filesWithKeysAreTheOwnersAlone() throws IOException {
        TableFile file = file();
        file.write(new Snapshot(5, table()));
        file.append(List.of(new Change(6, 5, List.of(), List.of())));

        for (Path kept : List.of(directory.resolve("table.json"), changes())) {
            assertThat(Files.getPosixFilePermissions(kept))
                    .allMatch(permission -> permission.name().startsWith("OWNER"));
        }
    }

    @Test
    void manyChangesAreAReasonToWriteTheWholeTable() throws IOException {
        TableFile file = file();
        file.write(new Snapshot(1, table()));
        AppRoute large = AppRoute.of("", "x".repeat(110_000), List.of("x"), List.of());
        for (int i = 1; i < 11; i++) {
            assertThat(file.isFull()).isFalse();
            file.append(List.of(new Change(i + 1, i, List.of(large), List.of())));
        }

        assertThat(file.isFull()).isTrue();
        file.write(new Snapshot(11, table()));
        assertThat(file.isFull()).isFalse();
    }

    private TableFile file() {
        return new TableFile(directory.resolve("table.json"));
    }

    private Path changes() {
        return directory.resolve("table.json.changes");
    }

    private static AppRoute app(String name) {
        return AppRoute.of("id-" + name, name, List.of(name + ".localhost"), List.of());
    }

    private static RoutingTable table(AppRoute... apps) {
        return new RoutingTable(Timeouts.DEFAULT, List.of(apps));
    }

    private static List<String> names(Snapshot snapshot) {
        return snapshot.routes().apps().stream().map(AppRoute::name).toList();
    }
}
