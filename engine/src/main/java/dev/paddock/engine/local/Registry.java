package dev.paddock.engine.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/// Divides addresses and user numbers among the platforms of this machine: one file under a lock, in the directory
/// that holds their runtime directories. Safe for any thread and process.
final class Registry {
    /// 64 networks of 512 slots of 4 addresses in 198.18.0.0/15, which is routed nowhere (RFC 2544).
    static final int NETWORKS = 64;

    static final int SLOTS = 512;

    /// Blocks of 65,536 users each, from 524,288 up and below 2^31.
    static final int FIRST_USER = 524_288;

    static final int USERS = 65_536;
    private static final int USER_BLOCKS = (Integer.MAX_VALUE - FIRST_USER) / USERS;

    /// A file lock does not hold threads of one process apart.
    private static final Object THREADS = new Object();

    private final Path directory;

    Registry(Path directory) {
        this.directory = directory;
    }

    /// What one platform may use: a network and a block of users, by their numbers.
    record Share(int network, int userBlock) {
        int firstUser() {
            return FIRST_USER + userBlock * USERS;
        }
    }

    /// The share of a platform, the same one as before while the platform is registered. What the name of the
    /// platform suggests is preferred, so that a reboot seldom changes the owner of its files.
    ///
    /// @param occupied networks that a new platform gets only when no other is left
    Share claim(String hash, BitSet occupied) {
        return locked(shares -> {
            shares.keySet().removeIf(name -> !name.equals(hash) && abandoned(name));
            Share known = shares.get(hash);
            if (known != null) {
                return known;
            }
            int wish = Math.floorMod(Long.hashCode(Long.parseLong(hash, 16)), USER_BLOCKS);
            Share share =
                    new Share(
                            network(wish % NETWORKS, shares, occupied),
                            free(wish, USER_BLOCKS, part(shares, Share::userBlock)));
            shares.put(hash, share);
            return share;
        });
    }

    /// Gives the share back; true when no other platform is registered.
    boolean release(String hash) {
        return locked(shares -> {
            shares.remove(hash);
            return shares.keySet().stream().allMatch(this::abandoned);
        });
    }

    private boolean abandoned(String hash) {
        return !Files.isDirectory(directory.resolve(hash));
    }

    private static int network(int wish, Map<String, Share> shares, BitSet occupied) {
        Set<Integer> taken = part(shares, Share::network);
        Set<Integer> avoided = new HashSet<>(taken);
        occupied.stream().forEach(avoided::add);
        return free(wish, NETWORKS, avoided.size() < NETWORKS ? avoided : taken);
    }

    private static Set<Integer> part(Map<String, Share> shares, Function<Share, Integer> part) {
        return shares.values().stream().map(part).collect(Collectors.toSet());
    }

    private static int free(int wish, int count, Set<Integer> taken) {
        for (int step = 0; step < count; step++) {
            int candidate = (wish + step) % count;
            if (!taken.contains(candidate)) {
                return candidate;
            }
        }
        throw new IllegalStateException(
                "No room for one more platform on this machine: "
                        + count
                        + " are registered in "
                        + "/run/paddock. Run `paddock down --purge` on one that is no longer used.");
    }

    private <T> T locked(Function<Map<String, Share>, T> change) {
        synchronized (THREADS) {
            try {
                Files.createDirectories(directory);
                try (FileChannel channel =
                                FileChannel.open(
                                        directory.resolve("lock"),
                                        StandardOpenOption.CREATE,
                                        StandardOpenOption.WRITE);
                        FileLock _ = channel.lock()) {
                    Map<String, Share> shares = read();
                    T result = change.apply(shares);
                    Json.write(directory.resolve("registry.json"), shares);
                    return result;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(
                        "cannot use " + directory + ": " + e.getMessage(), e);
            }
        }
    }

    private Map<String, Share> read() {
        Map<String, Share> shares = new TreeMap<>();
        Json.read(directory.resolve("registry.json"))
                .ifPresent(root -> {
                    for (Map.Entry<String, JsonNode> entry : root.properties()) {
                        JsonNode share = entry.getValue();
                        shares.put(
                                entry.getKey(),
                                new Share(
                                        share.path("network").asInt(),
                                        share.path("userBlock").asInt()));
                    }
                });
        return shares;
    }
}
