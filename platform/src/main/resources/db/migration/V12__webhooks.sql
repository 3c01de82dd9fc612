create table webhooks (
    id uuid primary key,
    app uuid not null references apps on delete cascade,
    url text not null,
    include text[] not null,
    level text not null check (level in ('NOTIFY', 'SYNC')),
    sealed_secret bytea not null,
    sealed_authorization bytea,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index webhooks_app on webhooks (app);

-- What happened to an app that somebody wants to hear of.
create table webhook_events (
    id uuid primary key,
    app uuid not null references apps on delete cascade,
    include text not null,
    action text not null,
    actor uuid not null,
    actor_email text not null,
    -- As the API showed the thing at that moment.
    data text not null,
    created_at timestamptz not null
);
create index webhook_events_app on webhook_events (app, created_at);

create table webhook_deliveries (
    id uuid primary key,
    number bigint generated always as identity,
    webhook uuid not null references webhooks on delete cascade,
    event uuid not null references webhook_events on delete cascade,
    status text not null check (status in ('PENDING', 'RETRYING', 'FAILED', 'SUCCEEDED')),
    attempts integer not null default 0,
    next_attempt_at timestamptz,
    last_attempt uuid,
    last_attempt_at timestamptz,
    last_code integer,
    last_error text,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index webhook_deliveries_due on webhook_deliveries (next_attempt_at)
    where next_attempt_at is not null;
create index webhook_deliveries_event on webhook_deliveries (event);
create index webhook_deliveries_webhook on webhook_deliveries (webhook);
