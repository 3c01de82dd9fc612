package dev.paddock.routes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoutesJsonTest {
    @TempDir Path directory;

    @Test
    void leastFileHasTheDefaults() throws IOException {
        RoutingTable table =
                parse(
                        """
                        {"apps":[{"name":"a","hosts":["A.localhost"],"unknown":{"x":[1]},
                          "max_backlog":null,"dynos":[{"name":"web.1","address":"127.0.0.1:1"}]}]}\
                        """);

        assertThat(table.timeouts()).isEqualTo(Timeouts.DEFAULT);
        assertThat(table.apps())
                .containsExactly(
                        AppRoute.of(
                                "",
                                "a",
                                List.of("a.localhost"),
                                List.of(
                                        new DynoRoute(
                                                "web.1", "127.0.0.1:1", DynoRoute.State.UP))));
    }

    @Test
    void tableSurvivesWritingAndParsing() throws IOException {
        RoutingTable table =
                new RoutingTable(
                        new Timeouts(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
                        List.of(
                                ControlCodecTest.FULL,
                                AppRoute.of("", "b", List.of("b.test"), List.of())));

        assertThat(parse(RoutesJson.write(table))).isEqualTo(table);
    }

    @Test
    void certificateFilesAreReadBesideTheRoutesFile() throws IOException {
        Files.writeString(directory.resolve("x.pem"), "-----BEGIN CERTIFICATE-----");
        Files.writeString(directory.resolve("x.key"), "-----BEGIN PRIVATE KEY-----");

        RoutingTable table =
                parse(
                        """
                        {"apps":[{"name":"a","hosts":[],"dynos":[],
                          "certificate":{"chain":"x.pem","key":"x.key"}}]}\
                        """);

        assertThat(table.apps().getFirst().certificate())
                .contains(
                        new Certificate(
                                "-----BEGIN CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----"));
        assertThatThrownBy(() ->
                        parse(
                                """
                                {"apps":[{"name":"a","hosts":[],"dynos":[],
                                  "certificate":{"chain":"y.pem","key":"x.key"}}]}\
                                """))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("y.pem");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''|empty",
                "{|no JSON",
                "[]|an object",
                "{}|`apps`",
                "{\"apps\":5}|/apps",
                "{\"apps\":[]} x|no JSON",
                "{\"apps\":[]} 1|end of the text",
                "{\"apps\":[{\"name\":\"x\"}]}|`hosts`",
                "{\"apps\":[{\"hosts\":[],\"dynos\":[]}]}|`name`",
                "{\"apps\":[{\"name\":\"x\",\"hosts\":[\"a.*.b\"],\"dynos\":[]}]}|/apps/0/hosts/0",
                "{\"apps\":[{\"name\":\"x\",\"hosts\":[\"**.b\"],\"dynos\":[]}]}|host name",
                "{\"apps\":[{\"name\":\"x\",\"hosts\":[],\"dynos\":[{\"name\":\"w\",\"address\":\"nonsense\"}]}]}"
                        + "|/apps/0/dynos/0/address",
                "{\"apps\":[{\"name\":\"x\",\"hosts\":[],\"dynos\":[{\"name\":\"w\",\"address\":\"1.2.3.4:65536\"}]}]}"
                        + "|an address",
                "{\"apps\":[{\"name\":\"x\",\"hosts\":[],\"dynos\":[{\"name\":\"w\",\"address\":\"\"}]}]}|which is up",
                "{\"apps\":[{\"name\":\"x\",\"hosts\":[],\"dynos\":[],\"balance\":\"best\"}]}"
                        + "|least, p2c, random, round-robin",
                "{\"apps\":[{\"name\":\"x\",\"hosts\":[],\"dynos\":[],\"max_in_flight_per_dyno\":0}]}|from 1",
                "{\"timeouts\":{\"idle_ms\":\"1\"},\"apps\":[]}|/timeouts/idle_ms",
                "{\"apps\":[{\"name\":\"x\",\"hosts\":[\"h\"],\"dynos\":[]},"
                        + "{\"name\":\"y\",\"hosts\":[\"H\"],\"dynos\":[]}]}|two apps: x and y",
                "{\"apps\":[{\"name\":\"x\",\"hosts\":[],\"dynos\":[]},"
                        + "{\"name\":\"x\",\"hosts\":[],\"dynos\":[]}]}|listed twice"
            })
    void fileThatDoesNotFitIsRefusedNamingThePlace(String json, String place) {
        assertThatThrownBy(() -> parse(json))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(place);
    }

    private RoutingTable parse(String json) throws IOException {
        return parse(json.getBytes(StandardCharsets.UTF_8));
    }

    private RoutingTable parse(byte[] json) throws IOException {
        return RoutesJson.parse(
                new ByteArrayInputStream(json), directory, UnaryOperator.identity());
    }
}
