-- Certificates that users bring, with their keys.
create table sni_endpoints (
    id uuid primary key,
    app uuid not null references apps on delete cascade,
    name text not null,
    certificate_chain text not null,
    -- As the vault sealed it.
    sealed_key bytea not null,
    -- Whether a root that this platform knows stood behind it when it came.
    ca_signed boolean not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (app, name)
);

-- Host names of apps besides the one that every app has.
create table domains (
    id uuid primary key,
    app uuid not null references apps on delete cascade,
    hostname text not null unique,
    sni_endpoint uuid references sni_endpoints on delete set null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index domains_app on domains (app);
create index domains_sni_endpoint on domains (sni_endpoint);
