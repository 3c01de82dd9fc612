package dev.paddock.logs;

import dev.paddock.log.LogLine;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A line on its way into a log, already divided into the pieces that are stored.
///
/// @param position where the dyno's output goes on behind this line, stored with its last piece
record PendingLine(LogLine line, List<String> pieces, @Nullable DynoPosition position) {
    static PendingLine of(LogLine line, @Nullable DynoPosition position) {
        return new PendingLine(line, LogText.lines(line.text()), position);
    }

    /// The bytes its records take at most.
    int room() {
        return pieces.size() * LogRecord.MAX_OVERHEAD + line.text().length();
    }
}
