package dev.paddock.router;

/// What Netty reads once, when its first class is loaded. A property that the operator set is left as it is.
final class NettySettings {
    private NettySettings() {}

    static void apply() {
        // It watches one buffer in 128, for a sixth of all allocated bytes; tests have it on.
        set("io.netty.leakDetection.level", "disabled");
        // Events for java's flight recorder, which would be loaded before the first answer: for 0.1
        // s.
        set("io.netty.jfr.enabled", "false");
        // Connections have an allocator of their own (EventLoops); what is left is a few buffers at
        // the start.
        set("io.netty.allocator.type", "unpooled");
    }

    private static void set(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }
}
