package dev.paddock.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutboundTargetsTest {
    private static final Set<String> SCHEMES = Set.of("http", "https");

    private final OutboundTargets targets = new OutboundTargets(List.of());

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.8.8.8",
                "10.1.2.3",
                "172.16.0.1",
                "192.168.1.1",
                "169.254.169.254",
                "100.64.0.1",
                "0.0.0.0",
                "0.1.2.3",
                "198.18.0.1",
                "224.0.0.1",
                "255.255.255.255",
                "::1",
                "::",
                "::ffff:127.0.0.1",
                "::127.0.0.1",
                "fe80::1",
                "fd00::1",
                "ff02::1",
                "64:ff9b::7f00:1",
                "2002:7f00:1::1"
            })
    void addressesThatAreNotPublicAreRefused(String address) {
        assertThat(targets.allows(InetAddress.ofLiteral(address))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1", "64:ff9b::101:101"})
    void publicAddressesAreAllowed(String address) {
        assertThat(targets.allows(InetAddress.ofLiteral(address))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://127.0.0.1/x",
                "http://2130706433/x",
                "http://0x7f.1/",
                "http://[::1]:5000/x",
                "http://[::ffff:10.0.0.1]/"
            })
    void urlsThatLeadInsideAreRefused(String url) {
        assertThatThrownBy(() -> targets.check(url, SCHEMES)).isInstanceOf(UserError.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "/etc/passwd",
                "file:///etc/passwd",
                "http:",
                "http:///x",
                "http://a b/",
                "gopher://example.com/",
                "http://1.1.1.1:70000/"
            })
    void whatIsNoCompleteUrlOfTheSchemesIsRefused(String url) {
        assertThatThrownBy(() -> targets.check(url, SCHEMES))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("The URL must be");
    }

    @Test
    void theOperatorMayAllowANetwork() {
        OutboundTargets wider = new OutboundTargets(List.of(AddressBlock.parse("10.1.0.0/16")));

        assertThat(wider.allows(InetAddress.ofLiteral("10.1.255.1"))).isTrue();
        assertThat(wider.allows(InetAddress.ofLiteral("10.2.0.1"))).isFalse();
    }

    @Test
    void ofSeveralAddressesOnlyThoseThatMayBeReachedAreUsed() throws Exception {
        InetAddress inside = InetAddress.ofLiteral("10.0.0.1");
        InetAddress outside = InetAddress.ofLiteral("1.1.1.1");
        var mixed = new OutboundTargets(List.of(), _ -> new InetAddress[] {inside, outside});
        var onlyInside = new OutboundTargets(List.of(), _ -> new InetAddress[] {inside});

        assertThat(mixed.resolve("example.com")).containsExactly(outside);
        assertThatThrownBy(() -> onlyInside.resolve("example.com"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("--allow-target")
                .hasMessageNotContaining("10.0.0.1");
    }

    @Test
    void aNameThatDoesNotResolveYetMayBeGiven() {
        var nowhere =
                new OutboundTargets(
                        List.of(),
                        host -> {
                            throw new UnknownHostException(host);
                        });

        assertThat(nowhere.check("https://later.example.com/x", SCHEMES))
                .hasHost("later.example.com");
    }

    @Test
    void aNameThatChangesItsAddressAfterTheCheckIsJudgedAgain() throws Exception {
        InetAddress[] answer = {InetAddress.ofLiteral("1.1.1.1")};
        var changing = new OutboundTargets(List.of(), _ -> answer);
        changing.check("http://rebinding.example.com/", SCHEMES);
        try (ServerSocket inside = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            answer[0] = inside.getInetAddress();

            assertThatThrownBy(() ->
                            changing.connect(
                                    "rebinding.example.com",
                                    inside.getLocalPort(),
                                    Duration.ofSeconds(5)))
                    .isInstanceOf(UserError.class);
        }
    }

    @Test
    void theConnectionGoesToTheAddressThatWasJudged() throws Exception {
        try (ServerSocket inside = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var loopback =
                    new OutboundTargets(
                            List.of(AddressBlock.parse("127.0.0.0/8")),
                            _ -> new InetAddress[] {inside.getInetAddress()});

            try (Socket socket =
                    loopback.connect(
                            "somewhere.example.com",
                            inside.getLocalPort(),
                            Duration.ofSeconds(5))) {
                assertThat(socket.getInetAddress()).isEqualTo(inside.getInetAddress());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "example.com/8", "::/129"})
    void whatIsNoNetworkIsRefused(String text) {
        assertThatThrownBy(() -> AddressBlock.parse(text)).isInstanceOf(UserError.class);
    }
}
