-- Every change of every dyno's state. No reference to apps: what ran is owed even when the app is gone.
create table dyno_transitions (
    id bigint generated always as identity primary key,
    dyno uuid not null,
    app uuid not null,
    type text not null,
    number integer not null,
    kind text not null,
    size text not null,
    release integer not null,
    from_state text not null,
    to_state text not null,
    reason text not null,
    -- CLOCK_BOOTTIME of the boot; durations are differences of ticks of one boot.
    tick_nanos bigint not null,
    boot_id text not null,
    at timestamptz not null,
    exit_status integer,
    exit_cause text,
    -- A dyno reaches each state once; what is told again after a crash of the platform changes nothing.
    unique (dyno, to_state)
);
create index dyno_transitions_app on dyno_transitions (app, at);
