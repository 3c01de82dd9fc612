-- Where copies of apps' logs go.
create table log_drains (
    id uuid primary key,
    app uuid not null references apps on delete cascade,
    -- As the vault sealed it: it may hold a password.
    sealed_url bytea not null,
    token text not null unique,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index log_drains_app on log_drains (app);
