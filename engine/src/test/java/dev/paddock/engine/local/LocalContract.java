package dev.paddock.engine.local;

import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Engine;
import dev.paddock.dyno.EngineContract;
import dev.paddock.dyno.Mount;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;

/// The contract of all engines, for a local one in any way in which it runs dynos.
abstract class LocalContract extends EngineContract {
    private static final String SERVER = "exec python3 -m http.server $PORT";

    protected abstract Platform platform();

    @Override
    protected Engine engine() {
        return platform().engine;
    }

    @Override
    protected List<DynoEvent> events() {
        return platform().events;
    }

    @Override
    protected void await(BooleanSupplier condition) {
        platform().until(condition);
    }

    @Override
    protected DynoSpec dyno(Behaviour behaviour, boolean web) {
        String command =
                switch (behaviour) {
                    case RUNS -> web ? SERVER : "sleep 1000";
                    case IGNORES_TERM -> "trap '' TERM; " + (web ? SERVER : "sleep 1000");
                    case ENDS_WITH_3 -> "exit 3";
                    case CANNOT_START, NEVER_ACCEPTS -> "sleep 1000";
                };
        if (behaviour == Behaviour.CANNOT_START) {
            return platform().build(command, new Mount(Path.of("/nowhere"), "/mnt", false));
        }
        return web ? platform().web(command) : platform().bash(command);
    }
}
