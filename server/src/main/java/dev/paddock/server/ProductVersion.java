package dev.paddock.server;

/// The version of this build, as its jar states it.
public final class ProductVersion {
    private ProductVersion() {}

    public static String text() {
        String stated = ProductVersion.class.getPackage().getImplementationVersion();
        return stated == null ? "unpackaged" : stated;
    }
}
