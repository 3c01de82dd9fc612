package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoSpec;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Dynos of root in the network of this machine, where it cannot give them one of their own: who reaches whom, with rules
/// by user number and without any.
class SharedNetworkTest {
    private static final String SERVER = "exec python3 -m http.server --bind 0.0.0.0 $PORT";
    private static final int ANSWER_MILLIS = 3_000;

    private Platform platform;
    private Surroundings surroundings;

    @BeforeEach
    void open() throws IOException {
        platform = new Platform();
        surroundings = new Surroundings(platform.hash);
    }

    @AfterEach
    void close() {
        if (surroundings != null) {
            surroundings.close();
        }
        if (platform != null) {
            platform.close();
        }
    }

    private String table() {
        return "paddock_" + platform.hash;
    }

    private void hide(String... programs) throws IOException {
        platform.reopen(platform.hiding(programs), Conmon.PATIENCE);
    }

    @Test
    void rulesByUserKeepDynosApart() throws IOException {
        hide("ip");
        DynoAddress other = address(platform.startUp(platform.web(SERVER)));
        int here = surroundings.serveHere(surroundings.here);
        int loopback = surroundings.serveHere("127.0.0.1");
        int outside = surroundings.serveOutside(0);
        int metadata = surroundings.serveOutside(8053);

        String seen =
                platform.run(
                        reaching(
                                "other:" + other.ip() + ":" + other.port(),
                                "other-elsewhere:" + surroundings.here + ":" + other.port(),
                                "loopback:127.0.0.1:" + loopback,
                                "here:" + surroundings.here + ":" + here,
                                "metadata:" + surroundings.metadata + ":" + metadata,
                                "outside:" + surroundings.outside + ":" + outside));

        assertThat(seen).isEqualTo("outside");
        assertThat(isReached(other)).isTrue();
        assertThat(surroundings.reaches(surroundings.here, here)).isTrue();
        assertThat(surroundings.reaches(surroundings.here, other.port())).isFalse();
        assertThat(platform.engine.weaknesses())
                .singleElement()
                .asString()
                .contains("share the network", "Rules by user", "apt-get install iproute2");
    }

    @Test
    void rulesAreThereAgainForAdoptedDynosAndGoWithTheLast() throws IOException {
        hide("ip");
        DynoSpec spec = platform.startUp(platform.web(SERVER));
        DynoAddress dyno = address(spec);

        hide("ip");

        assertThat(surroundings.reaches(surroundings.here, dyno.port())).isFalse();
        assertThat(isReached(dyno)).isTrue();
        platform.engine.retire(spec.id(), Duration.ZERO);
        platform.exit(spec);
        platform.engine.forget(spec.id());
        platform.engine.standDown();
        assertThat(Command.run("nft", "list", "tables").output()).doesNotContain(platform.hash);
    }

    @Test
    void rulesThatSomebodyTookAwayComeBackWithThePortsThatWereClosed() throws IOException {
        hide("ip");
        DynoSpec web = platform.startUp(platform.web("exec python3 -m http.server $PORT"));
        int port = platform.seen(web).address().orElseThrow().port();
        Network network = platform.engine.network();
        assertThat(network.uphold()).isFalse();

        Command.run("nft", "delete", "table", "inet", table());

        assertThat(network.uphold()).isTrue();
        assertThat(Command.run("nft", "list", "table", "inet", table()).output())
                .contains("elements = { " + port + " }");
        assertThat(network.uphold()).isFalse();
    }

    @Test
    void withoutAnyRulesDynosStillRunAndItIsSaid() throws IOException {
        hide("ip", "nft");
        DynoAddress one = address(platform.startUp(platform.web(SERVER)));
        DynoAddress other = address(platform.startUp(platform.web(SERVER)));

        assertThat(one.port()).isNotEqualTo(other.port());
        assertThat(isReached(one)).isTrue();
        assertThat(isReached(other)).isTrue();
        assertThat(platform.run(reaching("one:" + one.ip() + ":" + one.port()))).isEqualTo("one");
        assertThat(platform.engine.weaknesses())
                .hasSize(2)
                .allSatisfy(text ->
                        assertThat(text).contains("share the network", "nothing keeps them apart"));
    }

    /// Tells the names of what it reaches, given as `name:address:port`.
    private DynoSpec reaching(String... targets) {
        return platform.bash(
                """
                for target in %s; do
                    IFS=: read -r name address port <<<"$target"
                    timeout 1 bash -c "exec 3<>/dev/tcp/$address/$port" 2>/dev/null && echo $name
                done
                true
                """
                        .formatted(String.join(" ", targets)));
    }

    private DynoAddress address(DynoSpec spec) {
        return platform.seen(spec).address().orElseThrow();
    }

    private static boolean isReached(DynoAddress dyno) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(dyno.ip(), dyno.port()), ANSWER_MILLIS);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
