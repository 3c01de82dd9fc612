package dev.paddock.engine.local;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// The processes that were started below one, and those that carry a mark in the environment they were started with.
/// One that wants to get away does.
///
/// @param first the one below which they are, as long as it lives
record MarkedMembers(Supplier<Optional<ProcessIdentity>> first, String name, String value)
        implements WatchedGroup.Members {
    @Override
    public List<Long> all() {
        return Stream.concat(below(), WatchedGroup.everybody().filter(this::isMarked))
                .distinct()
                .toList();
    }

    private Stream<Long> below() {
        return first.get().flatMap(process -> ProcessHandle.of(process.pid())).stream()
                .flatMap(handle -> Stream.concat(Stream.of(handle), handle.descendants()))
                .map(ProcessHandle::pid);
    }

    @Override
    public boolean has(long pid) {
        return isMarked(pid) || below().anyMatch(member -> member == pid);
    }

    private boolean isMarked(long pid) {
        try {
            String all =
                    Files.readString(
                            Path.of("/proc/" + pid + "/environ"), StandardCharsets.ISO_8859_1);
            return ("\0" + all).contains("\0" + name + "=" + value + "\0");
        } catch (IOException goneOrOthers) {
            return false;
        }
    }
}
