create table accounts (
    id uuid primary key,
    email text not null,
    name text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create unique index accounts_email on accounts (lower(email));

-- Keys of accounts; the secret itself is nowhere.
create table authorizations (
    id uuid primary key,
    account uuid not null references accounts on delete cascade,
    description text not null,
    scope text[] not null,
    token_sha256 bytea not null unique,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    expires_at timestamptz
);
create index authorizations_account on authorizations (account);

create table apps (
    id uuid primary key,
    name text not null unique,
    owner uuid not null references accounts,
    stack text not null,
    region text not null,
    maintenance boolean not null default false,
    -- Set first when an app is destroyed, so that a destruction that was cut off is finished at the next start.
    destroying boolean not null default false,
    repository_bytes bigint not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index apps_owner on apps (owner);

-- Only features that somebody switched; the others are off.
create table app_features (
    app uuid not null references apps on delete cascade,
    name text not null,
    enabled boolean not null,
    updated_at timestamptz not null,
    primary key (app, name)
);

create table slugs (
    id uuid primary key,
    app uuid not null references apps on delete cascade,
    sha256 text not null,
    bytes bigint not null,
    commit text,
    commit_description text not null,
    stack text not null,
    process_types jsonb not null,
    buildpack_description text not null,
    created_at timestamptz not null
);
create index slugs_app on slugs (app);

create table releases (
    id uuid primary key,
    app uuid not null references apps on delete cascade,
    version integer not null check (version > 0),
    description text not null,
    status text not null check (status in ('PENDING', 'SUCCEEDED', 'FAILED')),
    actor uuid not null,
    actor_email text not null,
    slug uuid references slugs on delete set null,
    -- Name to value; secrets.
    config jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (app, version)
);
