package dev.paddock.engine.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Who may talk to whom: one nft table per platform, named after it, and, where Docker closed forwarding for
/// everybody, a way through in its chain. Safe for any thread.
final class Firewall {
    static final String ALL_DYNOS = "198.18.0.0/15";

    /// Where clouds tell a machine its secrets: link-local, and the addresses of Alibaba, Azure and Oracle. Some answer
    /// DNS there as well, which stays allowed.
    static final String METADATA = "169.254.0.0/16, 100.100.100.200, 168.63.129.16, 192.0.0.192";

    /// Connections of one dyno to the outside at a time; more would cost time to count. The machine remembers
    /// all connections in one table, and drops everybody's new ones when that is full.
    static final String COUNTED =
            "ct state new add @connections { ip saddr ct count over 4096 } drop";

    private static final String LIST_DOCKER = "list chain ip filter DOCKER-USER";
    private static final Path FORWARDING = Path.of("/proc/sys/net/ipv4/ip_forward");

    private final String table;
    private final String links;
    private final Path memory;

    /// What was put in force; empty before and after. Guarded by this.
    private String raised = "";

    /// @param links prefix of the host's ends of the dynos' links
    /// @param registry the directory shared by all platforms, where the former state of forwarding is kept
    Firewall(String hash, String links, Path registry) {
        this.table = "paddock_" + hash;
        this.links = links;
        this.memory = registry.resolve("ip_forward");
    }

    static Firewall of(String hash, Path registry) {
        return new Firewall(hash, DynoNetwork.linkPrefix(hash), registry);
    }

    /// Puts the rules in force, in one transaction.
    ///
    /// @param network addresses of this platform's dynos
    /// @param resolvers name servers that dynos may ask even when they are on this machine
    synchronized Command.Result raise(String network, List<String> resolvers) {
        raised = rules(network, resolvers, COUNTED);
        Command.Result result = nft(raised);
        if (!result.ok()) {
            // Some kernels cannot count connections; all else matters more.
            raised = rules(network, resolvers, "");
            result = nft(raised);
        }
        if (result.ok()) {
            forward();
            passDocker();
        }
        return result;
    }

    /// Puts again in force what somebody else has taken away meanwhile, and passes a Docker that came later; nothing
    /// once the rules are lowered.
    ///
    /// @return whether anything was amiss
    synchronized boolean uphold() {
        if (raised.isEmpty()) {
            return false;
        }
        boolean gone = !Command.run("nft", "list", "chain", "inet", table, "forward").ok();
        if (gone) {
            nft(raised);
        }
        boolean closed = forward();
        boolean dockerCame = passDocker();
        return gone || closed || dockerCame;
    }

    /// Forgets the connections that a dyno has made; the next one at its address is not to answer for them.
    void forgive(String address) {
        // Fails where it has made none.
        Command.run(
                "nft", "delete", "element", "inet", table, "connections", "{ " + address + " }");
    }

    private static Command.Result nft(String rules) {
        return Command.run(List.of("nft", "-f", "-"), rules);
    }

    private String rules(String network, List<String> resolvers, String counted) {
        String names = "\"" + links + "*\"";
        String dns =
                resolvers.isEmpty()
                        ? ""
                        : "iifname %s ip daddr { %s } meta l4proto { tcp, udp } th dport 53 accept"
                                .formatted(names, String.join(", ", resolvers));
        return """
        table inet %1$s
        delete table inet %1$s
        table inet %1$s {
            set connections {
                type ipv4_addr; size %8$d; flags dynamic;
            }
            chain forward {
                type filter hook forward priority -10; policy accept;
                iifname %2$s jump from_dyno
                oifname %2$s jump to_dyno
            }
            chain from_dyno {
                meta nfproto ipv6 drop
                ip saddr != %3$s drop
                %7$s
                %5$s
                ip daddr { %4$s, 127.0.0.0/8, %6$s } drop
            }
            chain to_dyno {
                ct state established,related accept
                drop
            }
            chain input {
                type filter hook input priority -10; policy accept;
                iifname %2$s jump to_host
            }
            chain to_host {
                ct state established,related accept
                %5$s
                drop
            }
            chain postrouting {
                type nat hook postrouting priority 100; policy accept;
                ip saddr %3$s oifname != %2$s masquerade
            }
        }
        """
                .formatted(
                        table, names, network, ALL_DYNOS, dns, METADATA, counted, Registry.SLOTS);
    }

    /// @return whether it was off
    private boolean forward() {
        try {
            String before = Files.readString(FORWARDING).strip();
            if (before.equals("1")) {
                return false;
            }
            Files.writeString(memory, before);
            Files.writeString(FORWARDING, "1\n");
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot switch on net.ipv4.ip_forward", e);
        }
    }

    /// Whether the kernel takes the rules, tried where they concern nobody.
    boolean tried(String counted) {
        List<String> nft = List.of("unshare", "--net", "nft", "-f", "-");
        return Command.run(nft, rules(ALL_DYNOS, List.of("198.51.100.1"), counted)).ok();
    }

    /// An accept in our own table does not overrule Docker's closed FORWARD chain; one in DOCKER-USER does.
    ///
    /// @return whether it was missing
    private boolean passDocker() {
        String chain = docker(LIST_DOCKER);
        if (!chain.contains("chain DOCKER-USER {") || chain.contains(links)) {
            return false;
        }
        for (String direction : List.of("iifname", "oifname")) {
            docker(
                    "insert rule ip filter DOCKER-USER %s \"%s*\" accept"
                            .formatted(direction, links));
        }
        return true;
    }

    private boolean passesDocker() {
        return docker(LIST_DOCKER).contains(links);
    }

    private static String docker(String rule) {
        // Fails where Docker is not: there is nothing to pass then.
        return Command.run(List.of("nft", "-a", "-f", "-"), rule + "\n").output();
    }

    /// What of it is in force now; only root can see the rules.
    List<String> changes() {
        List<String> changes = new ArrayList<>();
        if (Command.find("nft").isPresent()) {
            if (Command.run("nft", "list", "table", "inet", table).ok()) {
                changes.add("the nft table inet " + table);
            }
            if (passesDocker()) {
                changes.add("two rules for " + links + "* in Docker's chain DOCKER-USER");
            }
        }
        if (Files.exists(memory)) {
            changes.add("net.ipv4.ip_forward is on (for all platforms of this machine)");
        }
        return changes;
    }

    /// Takes the rules away.
    synchronized void lower() {
        raised = "";
        if (Command.find("nft").isEmpty()) {
            return;
        }
        Command.run("nft", "delete", "table", "inet", table);
        for (String line : docker(LIST_DOCKER).split("\n", -1)) {
            int handle = line.indexOf("# handle ");
            if (handle >= 0 && line.contains("\"" + links + "*\"")) {
                docker("delete rule ip filter DOCKER-USER handle " + line.substring(handle + 9));
            }
        }
    }

    /// Gives forwarding back the state it had before the first platform.
    void restoreForwarding() {
        try {
            if (Files.exists(memory)) {
                Files.writeString(FORWARDING, Files.readString(memory));
                Files.delete(memory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot restore net.ipv4.ip_forward", e);
        }
    }
}
