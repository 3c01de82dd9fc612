package dev.paddock.router;

import dev.paddock.routes.DynoRoute;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// A web dyno that is up: where it is and how busy. Survives table swaps as long as name and address stay.
///
/// The mutable parts are guarded by the lock of its [RoutedApp].
final class Backend implements Choice {
    private static final int COOKIE_BYTES = 16;
    private static final int NOWHERE = -1;

    private final String name;
    private final String addressText;
    private final InetSocketAddress address;
    private final String app;
    private int inFlight;
    private boolean quarantined;
    private long quarantinedUntil;
    private volatile int place = NOWHERE;
    private volatile @Nullable String affinity;

    Backend(String app, DynoRoute dyno) {
        this.app = app;
        name = dyno.name();
        addressText = dyno.address();
        address = parse(dyno.address());
    }

    String app() {
        return app;
    }

    String name() {
        return name;
    }

    InetSocketAddress address() {
        return address;
    }

    /// As the table gave it.
    String addressText() {
        return addressText;
    }

    /// What the affinity cookie says about this dyno: nothing to anybody else.
    String affinity() {
        String known = affinity;
        if (known == null) {
            known = digest(app + "\n" + name + "\n" + addressText);
            affinity = known;
        }
        return known;
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

    boolean isQuarantined() {
        return quarantined;
    }

    /// When its quarantine is over, on the clock of [System#nanoTime].
    long quarantinedUntil() {
        return quarantinedUntil;
    }

    void quarantine(long untilNanos) {
        quarantined = true;
        quarantinedUntil = untilNanos;
    }

    void endQuarantine() {
        quarantined = false;
    }

    /// Where it stands among the dynos of its app that are up; negative when it is not among them.
    int place() {
        return place;
    }

    void place(int now) {
        place = now;
    }

    /// Whether the table no longer holds it as up, so that no connection to it is to be kept or made. For any thread.
    boolean isRetired() {
        return place == NOWHERE;
    }

    void retire() {
        place = NOWHERE;
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
