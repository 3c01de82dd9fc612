package dev.paddock.dyno;

/// A machine of an engine and what of it is free for dynos.
///
/// @param generation which life of the machine: another one once its records, and with them the addresses of its
///     dynos, were lost
/// @param memoryFreeBytes what no dyno has reserved, be it started or only accepted
public record EngineHost(
        String name, long generation, boolean alive, long memoryBytes, long memoryFreeBytes) {}
