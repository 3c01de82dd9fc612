package dev.paddock.server;

import dev.paddock.core.UserError;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/// An address to listen on, as flags name it: `127.0.0.1:5000`, `[::1]:5000`, `localhost:5000`.
public record HostPort(String host, int port) {
    private static final int MAX_PORT = 65_535;

    /// Throws UserError naming the flag when the text is no host and port.
    public static HostPort parse(String flag, String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            host = "";
        }
        int port;
        try {
            port = Integer.parseInt(text.substring(colon + 1));
        } catch (NumberFormatException notANumber) {
            port = 0;
        }
        if (host.isEmpty() || port < 1 || port > MAX_PORT) {
            throw UserError.invalid(
                    "%s %s is no address to listen on: give HOST:PORT with a port from 1 to %d, as 127.0.0.1:5000."
                            .formatted(flag, text, MAX_PORT));
        }
        try {
            var _ = InetAddress.getByName(host);
        } catch (UnknownHostException unknown) {
            throw UserError.invalid(
                    "%s %s: this machine does not know the host %s.".formatted(flag, text, host));
        }
        return new HostPort(host, port);
    }

    public InetSocketAddress socketAddress() {
        return new InetSocketAddress(host, port);
    }

    @Override
    public String toString() {
        return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
    }
}
