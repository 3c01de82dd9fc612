package dev.paddock.dyno;

import java.nio.file.Path;

/// A host file or directory made visible inside a dyno.
///
/// @param writable the engine makes the dyno's user the owner of `source` itself (not of what is in it)
public record Mount(Path source, String target, boolean writable) {}
