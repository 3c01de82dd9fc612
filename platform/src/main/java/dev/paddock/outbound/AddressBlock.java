package dev.paddock.outbound;

import dev.paddock.core.UserError;
import java.net.InetAddress;

/// A block of IP addresses, as `10.0.0.0/8`.
public record AddressBlock(InetAddress base, int bits) {
    /// Throws UserError for anything but an address, a slash and a number of bits.
    public static AddressBlock parse(String text) {
        int slash = text.indexOf('/');
        try {
            InetAddress base = InetAddress.ofLiteral(text.substring(0, Math.max(slash, 0)));
            int bits = Integer.parseInt(text.substring(slash + 1));
            if (bits >= 0 && bits <= base.getAddress().length * Byte.SIZE) {
                return new AddressBlock(base, bits);
            }
        } catch (IllegalArgumentException _) {
            // The same answer as for too many bits.
        }
        throw UserError.invalid(text + " is no network: give it as 10.0.0.0/8.");
    }

    boolean contains(InetAddress address) {
        byte[] mine = base.getAddress();
        byte[] other = address.getAddress();
        if (mine.length != other.length) {
            return false;
        }
        for (int bit = 0; bit < bits; bit++) {
            int mask = 0x80 >> (bit % Byte.SIZE);
            if (((mine[bit / Byte.SIZE] ^ other[bit / Byte.SIZE]) & mask) != 0) {
                return false;
            }
        }
        return true;
    }

    /// As [#parse(String)] takes it.
    @Override
    public String toString() {
        return base.getHostAddress() + "/" + bits;
    }
}
