package dev.paddock.logs;

import dev.paddock.log.LogLine;

/// A line whose source numbers its lines, so that one that is sent twice is stored once.
public record NumberedLine(long number, LogLine line) {}
