package dev.paddock.router;

import dev.paddock.routes.DynoRoute;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// A web dyno that is up: where it is and how busy. Survives table swaps as long as name and address stay.
///
/// The counts are guarded by the lock of its [RoutedApp].
final class Backend implements Choice {
    private static final int COOKIE_BYTES = 16;

    private final String name;
    private final String addressText;
    private final InetSocketAddress address;
    private final String affinity;
    private int inFlight;
    private long quarantinedUntil;
    private volatile boolean retired;

    Backend(String app, DynoRoute dyno) {
        name = dyno.name();
        addressText = dyno.address();
        address = parse(dyno.address());
        affinity = digest(app + "\n" + name + "\n" + addressText);
    }

    String name() {
        return name;
    }

    InetSocketAddress address() {
        return address;
    }

    /// What the affinity cookie says about this dyno: nothing to anybody else.
    String affinity() {
        return affinity;
    }

    boolean is(DynoRoute dyno) {
        return name.equals(dyno.name()) && addressText.equals(dyno.address());
    }

    int inFlight() {
        return inFlight;
    }

    void add(int requests) {
        inFlight += requests;
    }

    boolean isQuarantined(long nowNanos) {
        return quarantinedUntil != 0 && quarantinedUntil - nowNanos > 0;
    }

    void quarantine(long untilNanos) {
        quarantinedUntil = untilNanos;
    }

    void release() {
        quarantinedUntil = 0;
    }

    /// Whether the table no longer holds it, so that no connection to it is to be kept.
    boolean isRetired() {
        return retired;
    }

    void retire() {
        retired = true;
    }

    @Override
    public String toString() {
        return name + "@" + addressText;
    }

    private static InetSocketAddress parse(String text) {
        int colon = text.lastIndexOf(':');
        try {
            return new InetSocketAddress(
                    InetAddress.getByName(text.substring(0, colon)),
                    Integer.parseInt(text.substring(colon + 1)));
        } catch (UnknownHostException literal) {
            throw new IllegalArgumentException("no address of a dyno: " + text, literal);
        }
    }

    private static String digest(String identity) {
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(identity.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, COOKIE_BYTES);
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every JDK has SHA-256", missing);
        }
    }
}
