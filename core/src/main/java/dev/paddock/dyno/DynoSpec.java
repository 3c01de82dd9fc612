package dev.paddock.dyno;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// All an engine needs to run one dyno. The engine adds PORT, DYNO, HOME and PATH to the environment where they
/// are not set.
///
/// @param command run by a shell in /app after the profile scripts
/// @param environment config vars and what the platform adds; secrets, so never logged
/// @param slug unpacked at /app, read-only below a private writable layer; empty for builds
/// @param web whether the dyno must accept TCP connections on $PORT before it is up
public record DynoSpec(
        DynoId id,
        AppId app,
        DynoName name,
        DynoKind kind,
        ReleaseVersion release,
        DynoSize size,
        String command,
        Map<String, String> environment,
        Optional<SlugRef> slug,
        String stack,
        Stdio stdio,
        boolean web,
        List<Mount> mounts) {
    public DynoSpec {
        environment = Map.copyOf(environment);
        mounts = List.copyOf(mounts);
    }

    @Override
    public String toString() {
        return "DynoSpec[" + id + " " + name + " " + kind + " " + release + " of app " + app + "]";
    }
}
