package dev.paddock.engine.local;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// Which network the dynos of a platform of root get: links of their own, or that of this machine.
///
/// @param resolvers whom dynos ask for names in it
/// @param weaknesses what is weaker for a reason that only the attempt showed
record Networks(Network network, Resolvers resolvers, List<String> weaknesses) {
    static final String IP = "ip";
    static final String NFT = "nft";

    Networks {
        weaknesses = List.copyOf(weaknesses);
    }

    /// Takes the first one that this machine can do.
    ///
    /// @param programs the names of those that are there
    /// @param registry the directory shared by all platforms
    static Networks make(
            Collection<String> programs, String hash, Registry.Share share, Path registry) {
        List<String> weaknesses = new ArrayList<>();
        if (programs.contains(IP) && programs.contains(NFT)) {
            Firewall firewall = Firewall.of(hash, registry);
            Resolvers resolvers = Resolvers.detect();
            boolean links = DynoNetwork.tried();
            boolean rules =
                    links
                            && firewall.raise(
                                            DynoNetwork.addresses(share.network()),
                                            resolvers.servers())
                                    .ok();
            if (rules) {
                Network network = new DynoNetwork(hash, share.network(), firewall);
                return new Networks(network, resolvers, List.of());
            }
            weaknesses.add(links ? "the kernel refuses nft's rules" : "the kernel has no veth");
        }
        return ofThisMachine(programs, hash, share, weaknesses);
    }

    private static Networks ofThisMachine(
            Collection<String> programs, String hash, Registry.Share share, List<String> reasons) {
        Resolvers resolvers = Resolvers.ofThisMachine();
        UserFilter filter = new UserFilter(hash);
        boolean filtered =
                programs.contains(NFT) && filter.raise(share.firstUser(), resolvers.servers()).ok();
        return new Networks(
                new HostNetwork(filtered ? Optional.of(filter) : Optional.empty()),
                resolvers,
                reasons.stream().map(reason -> meaning(filtered, reason)).toList());
    }

    /// What the network of this machine means for dynos, in words for the operator.
    static String meaning(boolean filtered, String reason) {
        String shared = "Dynos share the network of this machine, for " + reason;
        return filtered
                ? shared
                        + ". Rules by user number keep them from each other and from all that listens here. So a dyno"
                        + " cannot reach itself by localhost either, and a port that it opens beside $PORT is open"
                        + " to the outside."
                : shared
                        + ", and nothing keeps them apart in it: they reach each other's ports and all that listens here,"
                        + " and whoever reaches this machine reaches their ports past the router.";
    }
}
