package dev.paddock.manifold;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.dyno.Engine;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.EngineHost;
import dev.paddock.manifold.Input.Effect;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The life of one app's dynos: takes what happens from its mailbox, folds it into [Observed], plans, and hands out
/// actions. Whoever posts runs the loop unless it is running already, so an idle app costs no thread; nothing in it
/// waits. Safe for any thread.
final class AppLoop {
    /// Inputs that may wait. Hints of the engine are dropped beyond it; `list()` makes up for them.
    static final int MAX_INPUTS = 10_000;

    /// Rounds of planning per input: each action leads to at most a few more (withdraw, then retire at once).
    private static final int MAX_ROUNDS = 16;

    private static final Logger LOG = LoggerFactory.getLogger(AppLoop.class);

    private final AppId app;
    private final Surroundings surroundings;
    private final Timers timers;
    private final Picture picture;
    private final Departures departures;
    private final Wishes wishes;
    private final Lives lives;
    private final EngineList engineList;
    private final RouterViews routerViews;
    private final Deliveries deliveries = new Deliveries();
    private final Starts starts;
    private final EngineCalls calls;
    private Optional<Tick> planned = Optional.empty();
    private boolean unfinished;
    private Optional<Alarm> alarm = Optional.empty();

    private final Object mailboxLock = new Object();
    private final Deque<Input> mailbox = new ArrayDeque<>();
    private boolean running;
    private boolean closed;

    private final Snapshots snapshots;
    private volatile boolean idle;

    AppLoop(AppId app, boolean adopted, Surroundings surroundings) {
        this.app = app;
        this.surroundings = surroundings;
        this.timers = surroundings.timers;
        this.picture = new Picture(app, adopted, timers, deliveries::add);
        this.departures = new Departures(picture);
        this.wishes = new Wishes(picture, departures);
        this.lives = new Lives(picture, surroundings.restarts);
        this.engineList = new EngineList(picture, lives, departures);
        this.routerViews = new RouterViews(picture);
        this.calls = new EngineCalls(surroundings.engine, timers, surroundings.effects, this::post);
        this.starts =
                new Starts(
                        picture,
                        lives,
                        calls,
                        surroundings.hosts,
                        id -> surroundings.directory.enter(id, this),
                        surroundings.directory::remove);
        this.snapshots =
                new Snapshots(picture, routerViews, surroundings.revisions, surroundings.listener);
    }

    AppView view() {
        return snapshots.view();
    }

    Observed observed() {
        return snapshots.observed();
    }

    /// Puts an input into the mailbox and runs the loop if nobody does. False when the loop was closed: the input is
    /// lost.
    boolean post(Input input) {
        synchronized (mailboxLock) {
            if (closed) {
                return false;
            }
            if (mailbox.size() >= MAX_INPUTS && input instanceof Input.Event) {
                LOG.warn("app {}: an event of the engine was dropped, the mailbox is full", app);
                return true;
            }
            mailbox.add(input);
            if (running) {
                return true;
            }
            running = true;
        }
        drain();
        return true;
    }

    private void drain() {
        for (Optional<Input> next = take(); next.isPresent(); next = take()) {
            try {
                handle(next.get());
            } catch (RuntimeException e) {
                LOG.error("app {}: the manifold failed on {}", app, next.get(), e);
            }
        }
    }

    private Optional<Input> take() {
        synchronized (mailboxLock) {
            Optional<Input> next = closed ? Optional.empty() : Optional.ofNullable(mailbox.poll());
            running = next.isPresent();
            return next;
        }
    }

    /// Ends a loop with nothing to do; false when it has something after all.
    boolean closeIfIdle() {
        synchronized (mailboxLock) {
            boolean mayGo = idle && !running && mailbox.isEmpty();
            closed |= mayGo;
            return mayGo;
        }
    }

    void close() {
        synchronized (mailboxLock) {
            closed = true;
            mailbox.clear();
        }
    }

    /// Waits until the picture fits, at most `limit`.
    boolean await(Predicate<Observed> condition, Duration limit) throws InterruptedException {
        return snapshots.await(condition, limit);
    }

    private void handle(Input input) {
        Observed before = picture.observed();
        fold(input);
        if (!Snapshots.isSame(before, picture.observed()) || mayChangeThePlan(input)) {
            act();
            starts.moveOut();
        }
        rest();
    }

    /// Inputs that call for a new plan even when they leave the picture as it was.
    private boolean mayChangeThePlan(Input input) {
        return switch (input) {
            case Input.Want _, Input.Wake _ -> true;
            case Input.Told _, Input.Listed _ -> unfinished;
            case Input.Restart _,
                    Input.Stop _,
                    Input.Run _,
                    Input.HangUp _,
                    Input.Quiet _,
                    Input.Event _,
                    Input.Routed _,
                    Input.Busy _,
                    Input.HostGone _,
                    Input.Done _ ->
                    false;
        };
    }

    private void act() {
        unfinished = true;
        for (int round = 0; round < MAX_ROUNDS; round++) {
            // Not before the first plan: between the end of a dyno and the start of the next one
            // routers would see an
            // app without dynos and send requests away instead of holding them.
            if (round > 0) {
                snapshots.publish();
            }
            Plan plan = Planner.plan(picture.desired(), picture.observed(), timers.now());
            planned = plan.again();
            List<Action> actions =
                    plan.actions().stream().filter(action -> !isPostponed(action)).toList();
            int performed = 0;
            for (Action action : actions) {
                performed += perform(action) ? 1 : 0;
            }
            unfinished = performed < plan.actions().size();
            if (performed == 0) {
                snapshots.publish();
                return;
            }
        }
        throw new IllegalStateException(
                "the plan for " + picture.desired() + " does not come to an end");
    }

    private void fold(Input input) {
        switch (input) {
            case Input.Want(Desired desired) -> want(desired);
            case Input.Restart(var type, var name) -> wishes.restart(type, name);
            case Input.Stop(DynoName name) -> wishes.stop(name);
            case Input.Run(DynoSpec spec) -> starts.run(spec);
            case Input.HangUp(DynoId dyno) -> wishes.hangUp(dyno);
            case Input.Quiet() -> wishes.quiet();
            case Input.Event(DynoEvent event) -> event(event);
            case Input.Listed(var dynos, Tick began) -> listed(dynos, began);
            case Input.Routed(long revision) -> routerViews.acknowledged(revision);
            case Input.Busy(var leaving) -> routerViews.busy(leaving);
            case Input.Wake() -> alarm = Optional.empty();
            case Input.Done(Effect effect, var failure) -> done(effect, failure);
            case Input.HostGone(DynoId dyno, EngineHost host) -> hostGone(dyno, host);
            case Input.Told(Fact fact, var failure) -> told(fact, failure);
        }
    }

    private void event(DynoEvent event) {
        if (event instanceof DynoEvent.Lost(DynoId id)) {
            picture.observed()
                    .dyno(id)
                    .filter(dyno -> dyno.ending().isEmpty())
                    .ifPresent(dyno -> surroundings.suspectHost.accept(dyno.progress().host()));
        }
        lives.event(event);
    }

    private void hostGone(DynoId id, EngineHost host) {
        surroundings.hosts.accepted(id, timers.now());
        surroundings.suspectHost.accept(host.name());
        lives.hostGone(id);
    }

    private void want(Desired desired) {
        ReleaseVersion before = expected();
        wishes.want(desired);
        ReleaseVersion now = expected();
        if (!now.equals(before)) {
            // Nothing waits for it and nothing hangs on it.
            surroundings.effects.execute(() ->
                    attempt(() -> surroundings.engine.expect(app, now))
                            .ifPresent(why ->
                                    LOG.warn("app {}: expecting {} failed: {}", app, now, why)));
        }
    }

    /// What web dynos will run that are started from now on; also those of an app that sleeps.
    private ReleaseVersion expected() {
        Desired desired = picture.desired();
        return desired.types().stream().anyMatch(type -> type.type().isWeb() && type.quantity() > 0)
                ? desired.release()
                : ReleaseVersion.NONE;
    }

    private void listed(List<EngineDyno> dynos, Tick began) {
        engineList.listed(dynos, began);
        starts.listed();
        if (routerViews.awaitsRouters()) {
            // The acknowledgement, or the news it answers, may have been lost.
            snapshots.announce();
        }
    }

    private void done(Effect effect, Optional<String> failure) {
        failure.ifPresent(why -> LOG.warn("app {}: {} failed: {}", app, effect, why));
        switch (effect) {
            case Effect.Start(DynoSpec spec, _) -> {
                surroundings.hosts.accepted(spec.id(), timers.now());
                if (failure.isPresent()) {
                    lives.refused(spec.id(), failure.get());
                } else {
                    lives.accepted(spec.id());
                }
            }
            case Effect.Retire(DynoId id, _) -> failure.ifPresent(_ -> departures.retireFailed(id));
            case Effect.HangUp _ -> {}
            case Effect.Forget(DynoId id) -> {
                if (failure.isPresent()) {
                    departures.forgetFailed(id);
                } else {
                    departures.forgotten(id);
                }
            }
        }
    }

    private void told(Fact fact, Optional<String> failure) {
        if (failure.isPresent()) {
            LOG.warn("app {}: could not record {}: {}", app, fact, failure.get());
            deliveries.failed(timers.now());
            return;
        }
        deliveries.told();
        if (fact instanceof Fact.Transition(DynoTransition transition) && transition.isEnd()) {
            departures.committed(transition.dyno());
        }
    }

    /// While too much waits to be committed nothing is started, or the queue would grow without end.
    private boolean isPostponed(Action action) {
        return action instanceof Action.Start && deliveries.isFull();
    }

    /// False when it has to wait.
    private boolean perform(Action action) {
        switch (action) {
            case Action.Start(DynoName name, Reason reason) -> {
                return starts.start(name, reason);
            }
            case Action.Withdraw(DynoId id, Reason reason, Duration grace) ->
                    departures.withdraw(id, reason, grace);
            case Action.Retire(DynoId id, Duration grace) -> {
                departures.retireAsked(id, grace);
                calls.call(new Effect.Retire(id, grace));
            }
            case Action.TakeOver _ -> wishes.takeOver();
            case Action.GiveUp(String why) -> wishes.giveUp(why);
            case Action.HangUp(DynoId id) -> {
                departures.hangUpAsked(id);
                calls.call(new Effect.HangUp(id));
            }
            case Action.Forget(DynoId id) -> {
                departures.forgetAsked(id);
                calls.call(new Effect.Forget(id));
            }
        }
        return true;
    }

    private static Optional<String> attempt(Runnable work) {
        try {
            work.run();
            return Optional.empty();
        } catch (RuntimeException e) {
            return Optional.of(e.toString());
        }
    }

    private boolean isIdle() {
        Observed observed = picture.observed();
        return observed.adopted()
                && observed.dynos().isEmpty()
                && observed.strays().isEmpty()
                && deliveries.isEmpty()
                && picture.desired().types().stream().allMatch(type -> type.quantity() == 0);
    }

    /// Nothing more to do now: tells the next fact and sets the alarm for what is due later.
    private void rest() {
        idle = isIdle();
        deliveries.next(timers.now()).ifPresent(this::tell);
        Optional<Tick> next =
                Stream.of(planned, deliveries.again())
                        .flatMap(Optional::stream)
                        .min(Tick::compareTo);
        if (next.equals(alarm.map(Alarm::at))) {
            return;
        }
        alarm.ifPresent(it -> it.timer.cancel());
        alarm =
                next.map(at ->
                        new Alarm(
                                at,
                                timers.schedule(
                                        at.since(timers.now()), () -> post(new Input.Wake()))));
    }

    private void tell(Fact fact) {
        ManifoldListener listener = surroundings.listener;
        surroundings.effects.execute(() -> {
            Optional<String> failure =
                    attempt(() -> {
                        switch (fact) {
                            case Fact.Transition(DynoTransition transition) ->
                                    listener.transition(transition);
                            case Fact.Prebooted(var outcome) -> listener.prebooted(app, outcome);
                            case Fact.Remark(var notice) -> listener.notice(app, notice);
                        }
                    });
            post(new Input.Told(fact, failure));
        });
    }

    /// What every loop shares.
    ///
    /// @param suspectHost told of a host that does not answer
    /// @param revisions numbers for views; they grow over all apps, so that a loop made anew never repeats one
    record Surroundings(
            Engine engine,
            Timers timers,
            Executor effects,
            ManifoldListener listener,
            RestartPolicy restarts,
            Hosts hosts,
            Consumer<String> suspectHost,
            LongSupplier revisions,
            Directory directory) {}

    /// Which loop a dyno belongs to; events carry only its id.
    interface Directory {
        void enter(DynoId id, AppLoop loop);

        void remove(DynoId id);
    }

    private record Alarm(Tick at, Timers.Scheduled timer) {}
}
