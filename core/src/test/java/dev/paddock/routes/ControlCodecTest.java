package dev.paddock.routes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ControlCodecTest {
    static final AppRoute FULL =
            new AppRoute(
                    "01234567-89ab-cdef-0123-456789abcdef",
                    "shop",
                    List.of("shop.localhost", "*.shop.test"),
                    AppRoute.Status.QUOTA_EXHAUSTED,
                    true,
                    AppRoute.Balance.ROUND_ROBIN,
                    true,
                    OptionalInt.of(3),
                    OptionalInt.of(0),
                    true,
                    false,
                    Optional.of("//pages.test/m"),
                    Optional.of("//pages.test/e"),
                    OptionalInt.of(1234),
                    Optional.of(new Certificate("-----BEGIN a\nb", "-----BEGIN c\nd")),
                    Map.of(
                            "*.shop.test", new Certificate("-----BEGIN e", "-----BEGIN f"),
                            "www.shop.test", new Certificate("-----BEGIN e", "-----BEGIN f"),
                            "old.shop.test", new Certificate("-----BEGIN g", "-----BEGIN h")),
                    List.of(
                            new DynoRoute("web.1", "127.0.0.1:9001", DynoRoute.State.UP),
                            new DynoRoute("web.2", "", DynoRoute.State.STARTING)));

    static List<ControlFrame> frames() {
        return List.of(
                new ControlFrame.Hello(ControlFrame.PROTOCOL, "router-1", "0.1.0", 7),
                new ControlFrame.Snapshot(
                        8,
                        new RoutingTable(
                                new Timeouts(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), List.of(FULL))),
                new ControlFrame.Change(9, 8, List.of(FULL), List.of("old")),
                new ControlFrame.Serving(9),
                new ControlFrame.Serving(
                        9, List.of(new ControlFrame.Leaving("id-of-shop", "10.0.0.2:5000"))),
                new ControlFrame.Wake("shop"),
                new ControlFrame.Load(
                        List.of(
                                new ControlFrame.AppLoad(
                                        "shop",
                                        List.of(new ControlFrame.DynoLoad("web.1", 3)),
                                        2,
                                        150,
                                        12.5,
                                        1,
                                        2,
                                        3.5))),
                new ControlFrame.Trouble("shop", "web.1", "refused"),
                new ControlFrame.Handover("/run/x"),
                new ControlFrame.Ping(),
                new ControlFrame.Pong());
    }

    @ParameterizedTest
    @MethodSource("frames")
    void frameSurvivesTheWire(ControlFrame frame) throws IOException {
        ByteArrayOutputStream wire = new ByteArrayOutputStream();
        ControlCodec.write(wire, frame);
        ControlCodec.write(wire, new ControlFrame.Ping());

        ByteArrayInputStream in = new ByteArrayInputStream(wire.toByteArray());
        assertThat(ControlCodec.read(in)).isEqualTo(frame);
        assertThat(ControlCodec.read(in)).isEqualTo(new ControlFrame.Ping());
        assertThatThrownBy(() -> ControlCodec.read(in)).isInstanceOf(EOFException.class);
    }

    @Test
    void unknownFramesAndKeysAreSkipped() throws IOException {
        ByteArrayInputStream in =
                new ByteArrayInputStream(
                        concat(
                                raw(99, "{\"new\":[1,{}]}"),
                                raw(4, "{\"since\":{\"a\":[1]},\"table\":5}")));

        assertThat(ControlCodec.read(in)).isEqualTo(new ControlFrame.Serving(5));
    }

    @Test
    void frameThatEndsInItsBodyIsTheEndOfTheLink() throws IOException {
        byte[] whole = raw(4, "{\"table\":5}");
        for (int length = 1; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> ControlCodec.read(new ByteArrayInputStream(part)))
                    .isInstanceOf(EOFException.class);
        }
    }

    @Test
    void largeTableSurvivesTheWireAndSharesWhatIsKnown() throws IOException {
        List<AppRoute> apps = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            String chain = "-----BEGIN CERTIFICATE-----\n" + "x".repeat(700 + i);
            apps.add(
                    AppRoute.of("", "app-" + i, List.of("app-" + i + ".localhost"), List.of())
                            .withCertificate(
                                    Optional.of(new Certificate(chain, "-----BEGIN KEY-----\ny"))));
        }
        var snapshot = new ControlFrame.Snapshot(7, new RoutingTable(Timeouts.DEFAULT, apps));
        ByteArrayOutputStream wire = new ByteArrayOutputStream();
        ControlCodec.write(wire, snapshot);

        InputStream in = new ByteArrayInputStream(wire.toByteArray());
        ControlFrame read = ControlCodec.read(in, app -> app.sharing(apps.get(number(app))));

        assertThat(read).isEqualTo(snapshot);
        var routes = ((ControlFrame.Snapshot) read).routes().apps();
        assertThat(routes).zipSatisfy(apps, (app, known) -> assertThat(app).isSameAs(known));
        assertThat(in.available()).isZero();
    }

    private static int number(AppRoute app) {
        return Integer.parseInt(app.name().substring("app-".length()));
    }

    @Test
    void bytesThatAreNoFrameAreRefused() throws IOException {
        for (byte[] bad :
                List.of(
                        new byte[] {0, 0, 0, 0},
                        new byte[] {-1, 0, 0, 0, 1},
                        new byte[] {4, 0, 0, 1, 1},
                        raw(1, "no json"),
                        raw(4, "{\"table\":\"five\"}"),
                        raw(4, "{\"table\":-1}"),
                        raw(2, "{\"apps\":[{\"name\":\"a\"}]}"),
                        raw(4, "{} {}"))) {
            assertThatThrownBy(() -> ControlCodec.read(new ByteArrayInputStream(bad)))
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(EOFException.class);
        }
        assertThatThrownBy(
                        () -> ControlCodec.read(new ByteArrayInputStream(new byte[] {0, 0, 0, 9})))
                .isInstanceOf(EOFException.class);
    }

    @Test
    void certificatePathInFrameIsNotOpened() throws IOException {
        byte[] frame =
                raw(
                        2,
                        """
                        {"table":1,"apps":[{"name":"a","hosts":[],"dynos":[],
                         "certificate":{"chain":"/etc/hostname","key":"/etc/hostname"}}]}\
                        """);

        assertThatThrownBy(() -> ControlCodec.read(new ByteArrayInputStream(frame)))
                .hasMessageContaining("inline");
    }

    private static byte[] raw(int type, String body) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        byte[] json = body.getBytes(StandardCharsets.UTF_8);
        out.writeInt(json.length + 1);
        out.writeByte(type);
        out.write(json);
        return bytes.toByteArray();
    }

    private static byte[] concat(byte[] a, byte[] b) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(a);
        bytes.writeBytes(b);
        return bytes.toByteArray();
    }
}
