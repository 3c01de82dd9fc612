package dev.paddock.logs;

import dev.paddock.dyno.DynoId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// How far the output of each dyno of an app has been read. Owned by its [AppLog].
///
/// A dyno stays known for a while after its end: should the platform die before the engine forgot the dyno, it is
/// followed once more, from there.
final class DynoPositions {
    private static final int ENDED_KEPT = 256;

    private final Map<DynoId, Long> followed = new LinkedHashMap<>();
    private final Map<DynoId, Long> others = new LinkedHashMap<>();

    /// Found in the newest segment at start; whether its dyno still runs is not known.
    void recovered(DynoPosition position) {
        others.put(position.dyno(), position.cursor());
    }

    long follow(DynoId dyno) {
        Long known = others.remove(dyno);
        if (known != null) {
            followed.put(dyno, known);
        }
        return followed.getOrDefault(dyno, 0L);
    }

    void reached(DynoPosition position) {
        followed.put(position.dyno(), position.cursor());
    }

    void finished(DynoId dyno) {
        Long known = followed.remove(dyno);
        if (known == null) {
            return;
        }
        others.put(dyno, known);
        var oldest = others.keySet().iterator();
        while (others.size() > ENDED_KEPT) {
            oldest.next();
            oldest.remove();
        }
    }

    List<DynoPosition> all() {
        List<DynoPosition> all = new ArrayList<>(followed.size() + others.size());
        followed.forEach((dyno, cursor) -> all.add(new DynoPosition(dyno, cursor)));
        others.forEach((dyno, cursor) -> all.add(new DynoPosition(dyno, cursor)));
        return all;
    }
}
