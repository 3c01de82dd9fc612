package dev.paddock.manifold;

import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.dyno.EngineHost;
import dev.paddock.dyno.Stdio;
import dev.paddock.manifold.Input.Effect;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where an app's dynos begin, and which of them are known outside its loop: to hosts, and by their events. Owned by the
/// app loop.
final class Starts {
    private static final Logger LOG = LoggerFactory.getLogger(Starts.class);

    private final Picture picture;
    private final Lives lives;
    private final EngineCalls calls;
    private final Hosts hosts;
    private final Consumer<DynoId> enter;
    private final Consumer<DynoId> remove;
    private final Set<DynoId> entered = new HashSet<>();
    private final Set<DynoId> housed = new HashSet<>();

    /// @param enter told of a dyno whose events concern this app from now on
    /// @param remove told of one that is no more
    Starts(
            Picture picture,
            Lives lives,
            EngineCalls calls,
            Hosts hosts,
            Consumer<DynoId> enter,
            Consumer<DynoId> remove) {
        this.picture = picture;
        this.lives = lives;
        this.calls = calls;
        this.hosts = hosts;
        this.enter = enter;
        this.remove = remove;
    }

    /// False when it has to wait for a host.
    boolean start(DynoName name, Reason reason) {
        DynoSpec spec = spec(name);
        Optional<EngineHost> host =
                hosts.claim(spec, picture.observed().hostsOf(name.type(), picture.desired()));
        host.ifPresentOrElse(
                it -> {
                    lives.start(spec, it.name(), reason);
                    start(spec, it);
                },
                () -> lives.awaitHost(name, reason));
        return host.isPresent();
    }

    private DynoSpec spec(DynoName name) {
        Desired desired = picture.desired();
        Desired.Type type =
                desired.types().stream()
                        .filter(it -> it.type().equals(name.type()))
                        .findFirst()
                        .orElseThrow();
        return new DynoSpec(
                DynoId.random(),
                desired.app(),
                name,
                DynoKind.FORMATION,
                desired.release(),
                type.size(),
                type.command(),
                desired.environment(),
                desired.slug(),
                desired.stack(),
                new Stdio.Log(),
                name.type().isWeb(),
                List.of());
    }

    private void start(DynoSpec spec, EngineHost host) {
        entered.add(spec.id());
        housed.add(spec.id());
        enter.accept(spec.id());
        calls.call(new Effect.Start(spec, host));
    }

    void run(DynoSpec spec) {
        if (picture.observed().current(spec.name()).isPresent()) {
            LOG.warn("app {}: {} was not started, that name is in use", spec.app(), spec.name());
            return;
        }
        Optional<EngineHost> host = hosts.claim(spec, Map.of());
        lives.start(spec, host.map(EngineHost::name).orElse("none"), Reason.START);
        if (host.isPresent()) {
            start(spec, host.get());
        } else {
            lives.refused(spec.id(), "no machine has room for it");
        }
    }

    private void adopt(DynoId id) {
        enter.accept(id);
        picture.observed()
                .dyno(id)
                .ifPresent(dyno -> {
                    hosts.adopt(dyno.spec(), dyno.progress().host());
                    housed.add(id);
                });
    }

    /// The engine's list was folded in: takes notice of those that were there before and of those that are no more.
    void listed() {
        Set<DynoId> observed = picture.observed().dynos().keySet();
        observed.stream().filter(entered::add).forEach(this::adopt);
        entered.removeIf(id -> {
            boolean gone = !observed.contains(id);
            if (gone) {
                remove.accept(id);
            }
            return gone;
        });
    }

    /// Hosts learn whose addresses no router can know any more.
    void moveOut() {
        Observed observed = picture.observed();
        housed.removeIf(id -> {
            boolean left =
                    observed.dyno(id)
                            .map(dyno ->
                                    dyno.ending().isPresent()
                                            && dyno.isUnknownToRouters(observed.acknowledged()))
                            .orElse(true);
            if (left) {
                hosts.left(id);
            }
            return left;
        });
    }
}
