package dev.paddock.dyno;

/// Where a web dyno accepts requests: an IP address literal and a port.
public record DynoAddress(String ip, int port) {
    /// Reads what [#toString] wrote.
    public static DynoAddress parse(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 1) {
            throw new IllegalArgumentException("no address of a dyno: " + text);
        }
        String ip = text.substring(0, colon);
        boolean bracketed = ip.startsWith("[") && ip.endsWith("]");
        return new DynoAddress(
                bracketed ? ip.substring(1, ip.length() - 1) : ip,
                Integer.parseInt(text.substring(colon + 1)));
    }

    @Override
    public String toString() {
        return ip.indexOf(':') >= 0 ? "[" + ip + "]:" + port : ip + ":" + port;
    }
}
