package dev.paddock.engine.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;

/// The IPv4 routes of this machine, in the form of /proc/net/route.
record Routes(String table) {
    private static final Path TABLE = Path.of("/proc/net/route");
    private static final int DESTINATION = 1;
    private static final int MASK = 7;
    private static final int HEXADECIMAL = 16;

    /// 198.18.0.0/15, all of which dynos may have.
    private static final int OURS = 198 << 24 | 18 << 16;

    private static final int OUR_MASK = -1 << 17;

    static Routes ofThisMachine() {
        try {
            return new Routes(Files.readString(TABLE, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the routes of this machine", e);
        }
    }

    /// The networks of dynos that lead somewhere already: into a VPN, say, or to links whose platform is not known here.
    /// A new platform that took one would not reach its own dynos. Wider routes, like the default, do not count.
    ///
    /// @param own prefix of the links of the platform that asks
    BitSet inUse(String own) {
        BitSet used = new BitSet(Registry.NETWORKS);
        for (String line : table.split("\n", -1)) {
            String[] fields = line.split("\\s+", -1);
            if (fields.length > MASK && !fields[0].startsWith(own) && isAddress(fields[MASK])) {
                mark(used, address(fields[DESTINATION]), address(fields[MASK]));
            }
        }
        return used;
    }

    private static void mark(BitSet used, int destination, int mask) {
        if ((destination & OUR_MASK) == OURS && (mask & OUR_MASK) == OUR_MASK) {
            used.set(network(destination), network(destination | ~mask) + 1);
        }
    }

    private static int network(int address) {
        return (address & ~OUR_MASK) / (Registry.SLOTS * DynoNetwork.ADDRESSES);
    }

    private static boolean isAddress(String field) {
        return field.matches("[0-9A-Fa-f]{8}");
    }

    /// The kernel writes an address, whose bytes are in the order of the wire, as a number of this machine's.
    private static int address(String field) {
        int number = Integer.parseUnsignedInt(field, HEXADECIMAL);
        return ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN
                ? number
                : Integer.reverseBytes(number);
    }
}
