-- One row per process type of the app's current slug.
create table formation (
    id uuid primary key,
    app uuid not null references apps on delete cascade,
    type text not null,
    quantity integer not null check (quantity between 0 and 100),
    size text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (app, type)
);
