package dev.paddock.manifold;

import dev.paddock.core.AppId;
import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.manifold.ManifoldListener.Notice;
import dev.paddock.manifold.ObservedDyno.Ending;
import java.time.Instant;
import java.util.function.Consumer;

/// What is wanted of an app and what is observed of it; whoever changes either does so here, and what the listener has
/// to know of it goes out here. Owned by the app loop.
final class Picture {
    private final Timers timers;
    private final Consumer<Fact> facts;
    private Observed observed;
    private Desired desired;

    Picture(AppId app, boolean adopted, Timers timers, Consumer<Fact> facts) {
        this.timers = timers;
        this.facts = facts;
        this.observed = Observed.nothing(app, adopted);
        this.desired = Desired.nothing(app);
    }

    Observed observed() {
        return observed;
    }

    Desired desired() {
        return desired;
    }

    void put(Observed next) {
        observed = next;
    }

    void put(Desired next) {
        desired = next;
    }

    void set(ObservedDyno dyno) {
        observed = observed.with(dyno);
    }

    Tick now() {
        return timers.now();
    }

    Instant date() {
        return timers.date();
    }

    void tell(Fact fact) {
        facts.accept(fact);
    }

    void remark(Notice notice) {
        tell(new Fact.Remark(notice));
    }

    /// Tells the listener that a dyno reached a state.
    ObservedDyno conclude(ObservedDyno dyno, DynoState to, Reason reason, Tick tick) {
        DynoSpec spec = dyno.spec();
        Instant date = date().minus(now().since(tick));
        tell(
                new Fact.Transition(
                        new DynoTransition(
                                spec.id(),
                                spec.app(),
                                spec.name(),
                                spec.kind(),
                                spec.size(),
                                spec.release(),
                                dyno.told(),
                                to,
                                reason,
                                tick,
                                timers.bootId(),
                                date,
                                Views.shownCommand(dyno),
                                spec.stdio().attached(),
                                dyno.ending().flatMap(Ending::exit))));
        return dyno.withTold(to, date);
    }
}
