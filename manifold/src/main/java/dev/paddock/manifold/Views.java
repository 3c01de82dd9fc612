package dev.paddock.manifold;

import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoState;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How dynos look from outside: what users and routers see of [Observed]. Pure.
final class Views {
    private static final Pattern PORT = Pattern.compile("\\$PORT\\b|\\$\\{PORT}");

    private Views() {}

    /// One dyno per name: the current one, else the crashed one that waits, else the one that sleeps. While new web dynos
    /// come up beside the old ones (preboot), users see the new ones.
    static List<DynoView> of(Observed observed, Desired desired) {
        Preboot preboot = Preboot.of(desired, observed);
        List<DynoView> views = new ArrayList<>();
        Set<DynoName> shown = new HashSet<>();
        observed.all().stream()
                .filter(dyno -> dyno.isCurrent() && dyno.spec().kind() != DynoKind.BUILD)
                .sorted(Comparator.comparingInt(dyno -> rank(dyno, preboot)))
                .filter(dyno -> shown.add(dyno.name()))
                .forEach(dyno ->
                        views.add(current(dyno, !preboot.isUnderWay() || preboot.serves(dyno))));
        for (ObservedDyno dyno : observed.all()) {
            if (dyno.isFailedBoot() && dyno.ending().isEmpty() && shown.add(dyno.name())) {
                views.add(crashed(dyno));
            }
        }
        observed.backoffs()
                .forEach((name, backoff) -> {
                    if (shown.add(name)) {
                        views.add(backoff.crashed());
                    }
                });
        observed.waiting()
                .forEach((name, wait) -> {
                    if (shown.add(name)) {
                        views.add(awaited(desired, name, DynoState.STARTING, wait.date()));
                    }
                });
        desired.asleep()
                .filter(_ -> !observed.quieting())
                .ifPresent(asleep -> addIdle(views, shown, desired, asleep.since()));
        views.sort(Comparator.comparing(DynoView::name));
        return views;
    }

    /// What is to be seen first, of those that carry one name.
    private static int rank(ObservedDyno dyno, Preboot preboot) {
        if (preboot.isOld(dyno.id())) {
            return preboot.refused() ? 0 : 2;
        }
        return preboot.isFresh(dyno.id()) ? 1 : 3;
    }

    /// The web dynos that routers know of, given all that users see.
    static List<DynoView> routes(Observed observed, Desired desired, List<DynoView> views) {
        Preboot preboot = Preboot.of(desired, observed);
        return preboot.isUnderWay()
                ? observed.all().stream()
                        .filter(preboot::serves)
                        .map(dyno -> current(dyno, true))
                        .toList()
                : views.stream().filter(DynoView::isWeb).toList();
    }

    private static void addIdle(
            List<DynoView> views, Set<DynoName> shown, Desired desired, Instant since) {
        desired.names().stream()
                .filter(name -> desired.isAsleep(name.type()) && shown.add(name))
                .forEach(name -> views.add(awaited(desired, name, DynoState.IDLE, since)));
    }

    /// One of which nothing exists yet.
    private static DynoView awaited(
            Desired desired, DynoName name, DynoState state, Instant since) {
        Desired.Type type =
                desired.types().stream()
                        .filter(it -> it.type().equals(name.type()))
                        .findFirst()
                        .orElseThrow();
        String unique = desired.app() + "/" + name;
        return new DynoView(
                new DynoId(UUID.nameUUIDFromBytes(unique.getBytes(StandardCharsets.UTF_8))),
                name,
                DynoKind.FORMATION,
                type.size(),
                desired.release(),
                type.command(),
                state,
                since,
                Optional.empty(),
                false,
                false);
    }

    private static DynoView current(ObservedDyno dyno, boolean serves) {
        boolean routable =
                serves
                        && dyno.isFormation()
                        && dyno.spec().web()
                        && dyno.isUp()
                        && dyno.address().isPresent();
        DynoState state = dyno.isUp() ? DynoState.UP : DynoState.STARTING;
        return view(dyno, state, dyno.address(), routable, false);
    }

    /// A dyno that crashed, or is being killed for not coming up.
    static DynoView crashed(ObservedDyno dyno) {
        boolean retiring = dyno.ending().isEmpty();
        return view(dyno, DynoState.CRASHED, Optional.empty(), false, retiring);
    }

    private static DynoView view(
            ObservedDyno dyno,
            DynoState state,
            Optional<DynoAddress> address,
            boolean routable,
            boolean retiring) {
        DynoSpec spec = dyno.spec();
        return new DynoView(
                spec.id(),
                spec.name(),
                spec.kind(),
                spec.size(),
                spec.release(),
                spec.command(),
                state,
                dyno.changedAt(),
                address,
                routable,
                retiring);
    }

    /// What of the dynos concerns routers; equal lists need no new table.
    static List<Routed> routed(List<DynoView> routes) {
        return routes.stream()
                .map(view -> new Routed(view.name(), view.address(), view.state(), view.routable()))
                .toList();
    }

    /// The command with `$PORT` expanded, once the port is known.
    static String shownCommand(ObservedDyno dyno) {
        String command = dyno.spec().command();
        return dyno.address()
                .map(address -> Integer.toString(address.port()))
                .map(port -> PORT.matcher(command).replaceAll(Matcher.quoteReplacement(port)))
                .orElse(command);
    }

    /// A web dyno as routers know it.
    record Routed(
            DynoName name, Optional<DynoAddress> address, DynoState state, boolean routable) {}
}
