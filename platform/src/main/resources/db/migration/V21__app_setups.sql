-- Apps that are set up from an app.json. The app itself may be gone: it is deleted when nothing came of it.
create table app_setups (
    id uuid primary key,
    account uuid not null references accounts on delete cascade,
    app uuid not null,
    app_name text not null,
    status text not null check (status in ('PENDING', 'SUCCEEDED', 'FAILED')),
    failure text,
    manifest_errors text[] not null,
    build uuid,
    postdeploy_output text,
    postdeploy_exit_code integer,
    success_url text,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index app_setups_account on app_setups (account);
