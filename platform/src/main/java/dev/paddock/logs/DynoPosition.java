package dev.paddock.logs;

import dev.paddock.dyno.DynoId;

/// How far a dyno's output has been read: the engine's cursor behind a line.
record DynoPosition(DynoId dyno, long cursor) {}
