package dev.paddock.router;

import dev.paddock.router.http.Ascii;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Host names in lower case to apps, looked up by bytes in any case without making a string. Immutable.
final class HostTable {
    private final byte[][] hosts;
    private final @Nullable RoutedApp[] apps;
    private final int mask;

    HostTable(Map<String, RoutedApp> entries) {
        int size = Integer.highestOneBit(Math.max(4, entries.size() * 2)) * 2;
        hosts = new byte[size][];
        apps = new @Nullable RoutedApp[size];
        mask = size - 1;
        entries.forEach((host, app) -> {
            byte[] bytes = Ascii.bytes(host);
            int at = hash(bytes, 0, bytes.length) & mask;
            while (apps[at] != null) {
                at = (at + 1) & mask;
            }
            hosts[at] = bytes;
            apps[at] = app;
        });
    }

    @Nullable RoutedApp find(byte[] bytes, int start, int end) {
        int at = hash(bytes, start, end) & mask;
        while (apps[at] != null) {
            if (Ascii.equalsIgnoreCase(bytes, start, end, hosts[at])) {
                return apps[at];
            }
            at = (at + 1) & mask;
        }
        return null;
    }

    private static int hash(byte[] bytes, int start, int end) {
        int hash = 0;
        for (int i = start; i < end; i++) {
            hash = 31 * hash + Ascii.lower(bytes[i]);
        }
        hash *= 0x9E3779B9;
        return hash ^ (hash >>> 15);
    }
}
