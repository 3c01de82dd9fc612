package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.engine.local.Registry.Share;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What platforms and apps share out among themselves on one machine.
class SharesTest {
    @TempDir Path directory;

    @Test
    void platformsGetDifferentShares() throws IOException {
        Registry registry = new Registry(directory);
        Share first = claim(registry, "000000000001");
        Share second = claim(registry, "000000000002");
        Share again = claim(new Registry(directory), "000000000001");

        assertThat(second.network()).isNotEqualTo(first.network());
        assertThat(second.userBlock()).isNotEqualTo(first.userBlock());
        assertThat(again).isEqualTo(first);
    }

    @Test
    void shareOfAPlatformThatVanishedIsGivenAway() throws IOException {
        Registry registry = new Registry(directory);
        for (int i = 0; i < Registry.NETWORKS * 2; i++) {
            String hash = "%012x".formatted(i);
            claim(registry, hash);
            Files.delete(directory.resolve(hash));
        }

        assertThat(registry.release("%012x".formatted(0))).isTrue();
    }

    @Test
    void platformsGetNetworksThatLeadNowhereYetWhileThereAreAny() throws IOException {
        Registry registry = new Registry(directory);
        int wish = claim(registry, "000000000001").network();
        registry.release("000000000001");
        BitSet occupied = new BitSet();
        occupied.set(wish);

        assertThat(registry.claim("000000000001", occupied).network()).isNotEqualTo(wish);
        registry.release("000000000001");
        occupied.set(0, Registry.NETWORKS);
        assertThat(registry.claim("000000000001", occupied).network()).isEqualTo(wish);
    }

    @Test
    void routesIntoTheNetworksOfDynosAreNoticed() {
        Routes routes =
                new Routes(
                        """
                        Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
                        eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
                        eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
                        pd11111111-3\t0C0012C6\t00000000\t0001\t0\t0\t0\tFCFFFFFF\t0\t0\t0
                        pd22222222-5\t140812C6\t00000000\t0001\t0\t0\t0\tFCFFFFFF\t0\t0\t0
                        tun0\t00F012C6\t00000000\t0001\t0\t0\t0\t00F0FFFF\t0\t0\t0
                        tun1\t000013C6\t00000000\t0001\t0\t0\t0\t00E0FFFF\t0\t0\t0
                        """);

        assertThat(routes.inUse("pd11111111-")).hasToString("{1, 30, 31, 32, 33, 34, 35}");
        assertThat(routes.inUse("pd22222222-")).hasToString("{0, 30, 31, 32, 33, 34, 35}");
    }

    private Share claim(Registry registry, String hash) throws IOException {
        Files.createDirectories(directory.resolve(hash));
        return registry.claim(hash, new BitSet());
    }

    @Test
    void appsKeepTheirUserNumber() {
        AppId one = AppId.random();
        AppId two = AppId.random();
        UserNumbers users = new UserNumbers(directory.resolve("users.json"), 600_000);
        int number = users.of(one);

        assertThat(users.of(two)).isNotEqualTo(number);
        assertThat(new UserNumbers(directory.resolve("users.json"), 600_000).of(one))
                .isEqualTo(number);
        assertThat(users.discard(one)).contains(number);
        assertThat(users.of(AppId.random())).isNotEqualTo(number);
        assertThat(UserNumbers.moved(directory.resolve("users.json"), 700_000)).isTrue();
    }

    @Test
    void loopbackNameServersAreLeftOut() {
        Resolvers resolvers =
                Resolvers.parse(
                        List.of(
                                "# x",
                                "nameserver 127.0.0.53",
                                "nameserver 192.0.2.1",
                                "search example.org",
                                "nameserver fe80::1"));

        assertThat(resolvers.file()).isEqualTo("nameserver 192.0.2.1\nsearch example.org\n");
    }

    @Test
    void proxyOnLoopbackIsNoticed() {
        assertThat(BuildEnvironment.proxyOnLoopback(Map.of("https_proxy", "http://localhost:3128")))
                .isTrue();
        assertThat(
                        BuildEnvironment.proxyOnLoopback(
                                Map.of(
                                        "https_proxy",
                                        "http://proxy:3128",
                                        "NO_PROXY",
                                        "localhost")))
                .isFalse();
    }

    @Test
    void registriesOfTheOperatorsFilesReachBuildsWithoutSecrets() throws Exception {
        Files.writeString(
                directory.resolve(".npmrc"),
                """
                registry = https://npm.example.com/
                //npm.example.com/:_authToken=secret
                proxy=http://me:secret@proxy:3128
                strict-ssl=false
                """);
        Files.createDirectories(directory.resolve(".config/pip"));
        Files.writeString(
                directory.resolve(".config/pip/pip.conf"),
                "[global]\nindex-url = https://pip.example.com/simple\nfind-links = /wheels\n");

        Map<String, String> all =
                BuildEnvironment.withFiles(
                        Map.of("HOME", directory.toString(), "npm_config_strict_ssl", "true"));

        assertThat(BuildEnvironment.settings(all))
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(
                                "NPM_CONFIG_REGISTRY", "https://npm.example.com/",
                                "PIP_INDEX_URL", "https://pip.example.com/simple",
                                "npm_config_strict_ssl", "true"));
    }
}
