package dev.paddock.core;

/// The number of a release within its app, written `v12`; 0 stands for "no release".
public record ReleaseVersion(int number) implements Comparable<ReleaseVersion> {
    public static final ReleaseVersion NONE = new ReleaseVersion(0);

    public ReleaseVersion {
        if (number < 0) {
            throw new IllegalArgumentException("release version " + number);
        }
    }

    public ReleaseVersion next() {
        return new ReleaseVersion(number + 1);
    }

    @Override
    public int compareTo(ReleaseVersion other) {
        return Integer.compare(number, other.number);
    }

    @Override
    public String toString() {
        return "v" + number;
    }
}
