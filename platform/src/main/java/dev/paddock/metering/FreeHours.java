package dev.paddock.metering;

import dev.paddock.dyno.DynoSize;

/// What costs nothing each month: hours of every app, or one pool of an account for its dynos of the free size.
public enum FreeHours {
    /// 750 hours for each app, whatever its dynos' sizes (the article of 2013).
    PER_APP(750),
    /// 550 + 450 hours of an account, verified as all are here, for its Eco dynos alone.
    POOL(550 + 450);

    private static final long SECONDS_PER_HOUR = 3600;

    private final long hours;

    FreeHours(long hours) {
        this.hours = hours;
    }

    public long hours() {
        return hours;
    }

    public long seconds() {
        return hours * SECONDS_PER_HOUR;
    }

    /// Whether seconds of this size are taken from the free ones.
    public boolean covers(DynoSize size) {
        return switch (this) {
            case PER_APP -> true;
            case POOL -> size.equals(DynoSize.ECO);
        };
    }
}
