package dev.paddock.dyno;

/// A machine of an engine and what of it is free for dynos.
public record EngineHost(String name, boolean alive, long memoryBytes, long memoryFreeBytes) {}
