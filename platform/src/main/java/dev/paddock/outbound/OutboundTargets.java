package dev.paddock.outbound;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.net.IDN;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/// What tenants may make the platform connect to: the public Internet, and the networks that the operator allows with
/// `--allow-target`. Judged on the resolved address, and the connection goes to exactly that address. Immutable.
///
/// Use [#check] when a user gives a URL, and [#connect] or [OutboundHttp] each time it is used: names change their
/// addresses, and redirects lead elsewhere.
public final class OutboundTargets {
    private static final int MAX_URL_CHARS = 2048;
    private static final int MAX_PORT = 65_535;

    /// Blocks that are not part of the public Internet (IANA's special-purpose registries). Loopback, link-local,
    /// site-local, multicast and wildcard addresses are known to Java.
    private static final List<AddressBlock> SPECIAL =
            List.of(
                            "0.0.0.0/8",
                            "100.64.0.0/10",
                            "192.0.0.0/24",
                            "192.0.2.0/24",
                            "192.88.99.0/24",
                            "198.18.0.0/15",
                            "198.51.100.0/24",
                            "203.0.113.0/24",
                            "240.0.0.0/4",
                            "::/96",
                            "100::/64",
                            "2001::/23",
                            "2001:db8::/32",
                            "2002::/16",
                            "fc00::/7")
                    .stream()
                    .map(AddressBlock::parse)
                    .toList();

    /// NAT64: the last four bytes are the address that is meant.
    private static final AddressBlock TRANSLATED = AddressBlock.parse("64:ff9b::/96");

    private final List<AddressBlock> allowed;
    private final Resolver names;

    /// @param allowed what may be reached though it is not public
    public OutboundTargets(List<AddressBlock> allowed) {
        this(allowed, InetAddress::getAllByName);
    }

    OutboundTargets(List<AddressBlock> allowed, Resolver names) {
        this.allowed = List.copyOf(allowed);
        this.names = names;
    }

    /// Turns names into addresses.
    interface Resolver {
        InetAddress[] resolve(String host) throws UnknownHostException;
    }

    /// Parses a URL that a user gives; throws UserError when it is none of these schemes, has no host, or leads into
    /// the platform's own networks. A name that does not resolve now may do so later and passes.
    public URI check(String url, Set<String> schemes) {
        URI parsed = parse(url, schemes);
        try {
            List<InetAddress> _ = resolve(parsed.getHost());
        } catch (UnknownHostException _) {
            // It is judged again when it is used.
        }
        return parsed;
    }

    private static URI parse(String url, Set<String> schemes) {
        try {
            URI parsed = new URI(url);
            String scheme = String.valueOf(parsed.getScheme()).toLowerCase(Locale.ROOT);
            if (url.length() <= MAX_URL_CHARS
                    && schemes.contains(scheme)
                    && parsed.getHost() != null
                    && parsed.getPort() <= MAX_PORT) {
                return parsed;
            }
        } catch (URISyntaxException _) {
            // The same answer as for a wrong scheme.
        }
        throw UserError.invalid(
                "The URL must be a complete one, with a host and one of the schemes "
                        + String.join(", ", schemes.stream().sorted().toList())
                        + ", of at most "
                        + MAX_URL_CHARS
                        + " characters.");
    }

    /// The addresses of a host that may be reached, at least one. Throws UserError when it has only others.
    public List<InetAddress> resolve(String host) throws UnknownHostException {
        String name = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        InetAddress[] addresses;
        try {
            addresses = names.resolve(name.contains(":") ? name : IDN.toASCII(name));
        } catch (IllegalArgumentException e) {
            throw new UnknownHostException(host);
        }
        List<InetAddress> reachable = Arrays.stream(addresses).filter(this::allows).toList();
        if (reachable.isEmpty()) {
            throw UserError.invalid(
                    "The host "
                            + host
                            + " leads into the platform's own networks, which is not allowed. The"
                            + " operator may allow it with --allow-target.");
        }
        return reachable;
    }

    boolean allows(InetAddress address) {
        return allowed.stream().anyMatch(block -> block.contains(address)) || isPublic(address);
    }

    private static boolean isPublic(InetAddress address) {
        if (TRANSLATED.contains(address)) {
            return isPublic(lastFourBytes(address));
        }
        return !address.isAnyLocalAddress()
                && !address.isLoopbackAddress()
                && !address.isLinkLocalAddress()
                && !address.isSiteLocalAddress()
                && !address.isMulticastAddress()
                && SPECIAL.stream().noneMatch(block -> block.contains(address))
                && !isOfThisMachine(address);
    }

    private static InetAddress lastFourBytes(InetAddress address) {
        byte[] bytes = address.getAddress();
        try {
            return InetAddress.getByAddress(
                    Arrays.copyOfRange(bytes, bytes.length - 4, bytes.length));
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /// A public address of this machine leads to ports that its firewall keeps from everybody else.
    private static boolean isOfThisMachine(InetAddress address) {
        try {
            return NetworkInterface.getByInetAddress(address) != null;
        } catch (SocketException _) {
            return true;
        }
    }

    /// A connection to one of the host's addresses that may be reached. Throws UserError when it has only others.
    public Socket connect(String host, int port, Duration limit) throws IOException {
        IOException failure = new UnknownHostException(host);
        for (InetAddress address : resolve(host)) {
            Socket socket = new Socket();
            try {
                socket.connect(
                        new InetSocketAddress(address, port), Math.toIntExact(limit.toMillis()));
                return socket;
            } catch (IOException e) {
                socket.close();
                failure = e;
            }
        }
        throw failure;
    }

    /// As [#connect], with TLS; the certificate must be trusted and be the host's.
    public Socket connectTls(String host, int port, Duration limit) throws IOException {
        Socket plain = connect(host, port, limit);
        boolean secured = false;
        try {
            plain.setSoTimeout(Math.toIntExact(limit.toMillis()));
            SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
            SSLSocket socket = (SSLSocket) factory.createSocket(plain, host, port, true);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            secured = true;
            return socket;
        } finally {
            if (!secured) {
                plain.close();
            }
        }
    }
}
