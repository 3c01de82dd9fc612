package dev.paddock.engine.local;

import java.util.List;

/// Rules for dynos in the network of this machine, told from all else by their user numbers: one nft table per platform,
/// named as that of [Firewall]. Safe for any thread.
final class UserFilter {
    private final String table;

    /// What was put in force; empty before and after. Guarded by this.
    private String raised = "";

    UserFilter(String hash) {
        this.table = "paddock_" + hash;
    }

    /// Puts the rules in force, in one transaction.
    ///
    /// @param firstUser the first of the platform's user numbers
    /// @param resolvers name servers that dynos may ask, also on this machine
    synchronized Command.Result raise(int firstUser, List<String> resolvers) {
        raised = rules(firstUser, resolvers);
        return nft(raised);
    }

    /// Puts the rules again in force where somebody else has taken them away; nothing once they are lowered.
    ///
    /// @return whether that was needed: then no port is closed any more
    synchronized boolean raiseAgain() {
        if (raised.isEmpty() || Command.run("nft", "list", "chain", "inet", table, "output").ok()) {
            return false;
        }
        return nft(raised).ok();
    }

    /// Whether the kernel takes the rules, tried where they concern nobody.
    static boolean tried() {
        String rules = new UserFilter("trial").rules(Registry.FIRST_USER, List.of("198.51.100.1"));
        return Command.run(List.of("unshare", "--net", "nft", "-f", "-"), rules).ok();
    }

    /// Whatever goes to an address of this machine goes by its loopback link.
    private String rules(int firstUser, List<String> resolvers) {
        String dns =
                resolvers.isEmpty()
                        ? ""
                        : "ip daddr { %s } meta l4proto { tcp, udp } th dport 53 accept"
                                .formatted(String.join(", ", resolvers));
        return """
        table inet %1$s
        delete table inet %1$s
        table inet %1$s {
            set ports {
                type inet_service;
            }
            chain output {
                type filter hook output priority -10; policy accept;
                meta skuid %2$d-%3$d jump from_dyno
            }
            chain from_dyno {
                ct state established,related accept
                meta nfproto ipv6 drop
                %4$s
                oifname "lo" drop
                ip daddr { %5$s } drop
            }
            chain input {
                type filter hook input priority -10; policy accept;
                iifname != "lo" ct state new tcp dport @ports drop
            }
        }
        """
                .formatted(
                        table, firstUser, firstUser + Registry.USERS - 1, dns, Firewall.METADATA);
    }

    /// Only the router reaches this port from now on.
    void close(int port) {
        change("add", port);
    }

    void open(int port) {
        change("delete", port);
    }

    private void change(String verb, int port) {
        nft("%s element inet %s ports { %d }\n".formatted(verb, table, port));
    }

    synchronized void lower() {
        raised = "";
        nft("delete table inet " + table + "\n");
    }

    private static Command.Result nft(String rules) {
        return Command.run(List.of("nft", "-f", "-"), rules);
    }
}
