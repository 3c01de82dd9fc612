package dev.paddock.router;

import dev.paddock.router.http.Ascii;
import io.netty.buffer.ByteBuf;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The first bytes of a connection that a proxy made for a client: PROXY protocol, version 1 (a line) or 2 (binary).
///
/// Whoever may connect to such a port may say what it likes about the client, so that port is for the proxy alone; but
/// what it says is read strictly.
sealed interface ProxyHeader {
    /// Most that is read of it; addresses take 216 bytes at most, the rest are notes that nobody reads here.
    int MOST_BYTES = 4096;

    /// Not all of it has arrived; no byte was taken.
    record More() implements ProxyHeader {}

    /// It is none.
    record Bad() implements ProxyHeader {}

    /// It was taken from the bytes.
    ///
    /// @param client null when the proxy speaks for itself or does not know: the connection's own addresses count
    record Said(@Nullable ClientAddress client) implements ProxyHeader {}

    /// Reads the header at the beginning of the bytes.
    static ProxyHeader read(ByteBuf in) {
        if (!in.isReadable()) {
            return new More();
        }
        return in.getByte(in.readerIndex()) == 'P' ? Line.read(in) : Binary.read(in);
    }

    /// Version 1: `PROXY TCP4 192.0.2.1 192.0.2.2 50000 443 CRLF`.
    final class Line {
        private static final int LONGEST = 107;
        private static final byte[] START = Ascii.bytes("PROXY ");
        private static final int MOST_PORT_DIGITS = 5;
        private static final int MOST_PORT = 65535;

        private Line() {}

        private static ProxyHeader read(ByteBuf in) {
            int present = Math.min(in.readableBytes(), LONGEST);
            int end = in.indexOf(in.readerIndex(), in.readerIndex() + present, (byte) '\n');
            if (!startsWith(in, START)) {
                return new Bad();
            }
            if (end < 0) {
                return present == LONGEST ? new Bad() : new More();
            }
            String line =
                    in.toString(
                            in.readerIndex(), end - in.readerIndex(), StandardCharsets.ISO_8859_1);
            if (!line.endsWith("\r")) {
                return new Bad();
            }
            ProxyHeader said = judge(line.substring(0, line.length() - 1).split(" ", -1));
            if (said instanceof Said) {
                in.readerIndex(end + 1);
            }
            return said;
        }

        private static ProxyHeader judge(String[] words) {
            if (words[1].equals("UNKNOWN")) {
                return new Said(null);
            }
            boolean six = words[1].equals("TCP6");
            if ((!six && !words[1].equals("TCP4")) || words.length != 6) {
                return new Bad();
            }
            byte[] source = address(words[2], six);
            byte[] target = address(words[3], six);
            int sourcePort = port(words[4]);
            int targetPort = port(words[5]);
            return source == null || target == null || sourcePort < 0 || targetPort < 0
                    ? new Bad()
                    : new Said(client(source, targetPort));
        }

        private static byte @Nullable [] address(String text, boolean six) {
            boolean written =
                    six ? text.matches("[0-9a-fA-F:.]+") && text.contains(":") : isFour(text);
            return written ? NetUtil.createByteArrayFromIpAddressString(text) : null;
        }

        /// Four numbers without leading zeros, which some would read as octal.
        private static boolean isFour(String text) {
            return text.matches("(0|[1-9][0-9]{0,2})([.](0|[1-9][0-9]{0,2})){3}");
        }

        private static int port(String text) {
            if (text.isEmpty()
                    || text.length() > MOST_PORT_DIGITS
                    || (text.length() > 1 && text.startsWith("0"))
                    || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
                return -1;
            }
            int port = Integer.parseInt(text);
            return port > MOST_PORT ? -1 : port;
        }
    }

    /// Version 2.
    final class Binary {
        private static final byte[] SIGNATURE = {
            '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'
        };
        private static final int FIXED = 16;
        private static final int LOCAL = 0x20;
        private static final int PROXY = 0x21;
        private static final int UNSPECIFIED = 0x00;
        private static final int TCP_4 = 0x11;
        private static final int TCP_6 = 0x21;

        private Binary() {}

        private static ProxyHeader read(ByteBuf in) {
            if (!startsWith(in, SIGNATURE)) {
                return new Bad();
            }
            if (in.readableBytes() < FIXED) {
                return new More();
            }
            int at = in.readerIndex();
            int command = in.getUnsignedByte(at + 12);
            int family = in.getUnsignedByte(at + 13);
            int length = in.getUnsignedShort(at + 14);
            if (length > MOST_BYTES - FIXED || (command != LOCAL && command != PROXY)) {
                return new Bad();
            }
            if (in.readableBytes() < FIXED + length) {
                return new More();
            }
            ProxyHeader said =
                    command == LOCAL ? new Said(null) : client(in, at + FIXED, family, length);
            if (said instanceof Said) {
                in.skipBytes(FIXED + length);
            }
            return said;
        }

        private static ProxyHeader client(ByteBuf in, int at, int family, int length) {
            int size =
                    switch (family) {
                        case UNSPECIFIED -> 0;
                        case TCP_4 -> 4;
                        case TCP_6 -> 16;
                        default -> -1;
                    };
            if (size < 0 || length < 2 * size + (size == 0 ? 0 : 4)) {
                return new Bad();
            }
            if (size == 0) {
                return new Said(null);
            }
            byte[] source = new byte[size];
            in.getBytes(at, source);
            return new Said(ProxyHeader.client(source, in.getUnsignedShort(at + 2 * size + 2)));
        }
    }

    private static boolean startsWith(ByteBuf in, byte[] wanted) {
        byte[] present = new byte[Math.min(in.readableBytes(), wanted.length)];
        in.getBytes(in.readerIndex(), present);
        return Arrays.equals(present, 0, present.length, wanted, 0, present.length);
    }

    private static ClientAddress client(byte[] address, int port) {
        try {
            return new ClientAddress(
                    Ascii.bytes(NetUtil.toAddressString(InetAddress.getByAddress(address))), port);
        } catch (UnknownHostException impossible) {
            throw new IllegalArgumentException("4 or 16 bytes are an address", impossible);
        }
    }
}
