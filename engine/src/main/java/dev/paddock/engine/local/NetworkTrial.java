package dev.paddock.engine.local;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Whether the kernel can do what the network of dynos needs, tried in a network namespace that is gone at once. Takes
/// root, nft and ip.
///
/// @param links veth, the cable between a dyno and this machine
/// @param rules all rules of the firewall
/// @param counts whether they may count a dyno's connections to the outside
/// @param users whether rules by user number are possible, for dynos without links of their own
public record NetworkTrial(boolean links, boolean rules, boolean counts, boolean users) {
    private static final String HASH = "0".repeat(12);

    /// Nothing is kept of a trial.
    private static final Path NOWHERE = Path.of("/nonexistent");

    public static NetworkTrial here() {
        Firewall firewall = Firewall.of(HASH, NOWHERE);
        boolean counts = firewall.tried(Firewall.COUNTED);
        return new NetworkTrial(
                DynoNetwork.tried(), counts || firewall.tried(""), counts, UserFilter.tried());
    }

    public List<Lack> lacks() {
        List<Lack> lacks = new ArrayList<>();
        if (!links) {
            lacks.add(
                    Lack.weaker(
                            "veth",
                            Networks.meaning(users, "the kernel has no veth"),
                            "Boot a kernel with CONFIG_VETH (`modprobe veth` says whether it has it)."));
        }
        if (!rules) {
            lacks.add(
                    Lack.weaker(
                            "nftables",
                            Networks.meaning(users, "the kernel refuses nft's rules"),
                            "Boot a kernel with CONFIG_NF_TABLES, CONFIG_NFT_MASQ and CONFIG_NFT_CT (`nft list ruleset`"
                                    + " says whether it has nftables)."));
        } else if (!counts) {
            lacks.add(
                    Lack.weaker(
                            "connections",
                            "A dyno may open as many connections to the outside as it likes, and so fill the table of"
                                    + " all connections of this machine: the kernel cannot count them.",
                            "Boot a kernel with CONFIG_NFT_CONNLIMIT."));
        }
        return lacks;
    }
}
