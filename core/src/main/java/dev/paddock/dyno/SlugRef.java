package dev.paddock.dyno;

import java.nio.file.Path;
import java.util.UUID;

/// The slug a dyno runs: the file to unpack and the SHA-256 (64 hex digits) its bytes must have.
public record SlugRef(UUID id, Path file, String sha256) {}
