package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The rules of the dynos' network when others change the machine's.
class FirewallTest {
    private static final String DOCKER = "DOCKER-USER";

    private Platform platform;
    private Network network;

    @BeforeEach
    void open() throws IOException {
        platform = new Platform();
        network = platform.engine.network();
    }

    @AfterEach
    void close() {
        if (platform != null) {
            platform.close();
        }
    }

    private String table() {
        return "paddock_" + platform.hash;
    }

    @Test
    void rulesThatSomebodyTookAwayComeBack() {
        assertThat(network.uphold()).isFalse();
        String before = rules();

        Command.run("nft", "delete", "table", "inet", table());

        assertThat(rules()).isNotEqualTo(before);
        assertThat(network.uphold()).isTrue();
        assertThat(rules()).isEqualTo(before);
        assertThat(network.uphold()).isFalse();
    }

    @Test
    void rulesThatWereLoweredStayAway() {
        network.lower();

        assertThat(network.uphold()).isFalse();
        assertThat(rules()).doesNotContain("chain");
    }

    private String rules() {
        return Command.run("nft", "-s", "list", "table", "inet", table()).output();
    }

    @Test
    void dockerThatComesLaterLetsDynosThrough() {
        boolean docker = chain().contains(" " + DOCKER + " {");
        assertThat(network.uphold()).isFalse();
        if (docker) {
            // One that runs here passes our dynos already; it is to have forgotten them.
            Firewall.of(platform.hash, platform.runtime).lower();
        } else {
            Command.run("nft", "add", "table", "ip", "filter");
            Command.run("nft", "add", "chain", "ip", "filter", DOCKER);
        }
        try {
            assertThat(network.uphold()).isTrue();

            String links = DynoNetwork.linkPrefix(platform.hash);
            assertThat(chain())
                    .contains(
                            "iifname \"" + links + "*\" accept",
                            "oifname \"" + links + "*\" accept");
            assertThat(network.uphold()).isFalse();

            network.lower();
            assertThat(chain()).contains(" " + DOCKER + " {").doesNotContain(links);
        } finally {
            if (!docker) {
                Command.run("nft", "delete", "chain", "ip", "filter", DOCKER);
                // Only where nothing else is in it.
                Command.run(
                        "sh",
                        "-c",
                        "nft list table ip filter | grep -q chain || nft delete table ip filter");
            }
        }
    }

    private static String chain() {
        return Command.run("nft", "list", "chain", "ip", "filter", DOCKER).output();
    }
}
