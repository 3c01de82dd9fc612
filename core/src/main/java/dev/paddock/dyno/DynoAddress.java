package dev.paddock.dyno;

/// Where a web dyno accepts requests: an IP address literal and a port.
public record DynoAddress(String ip, int port) {
    @Override
    public String toString() {
        return ip.indexOf(':') >= 0 ? "[" + ip + "]:" + port : ip + ":" + port;
    }
}
