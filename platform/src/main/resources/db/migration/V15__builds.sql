create table builds (
    id uuid primary key,
    app uuid not null references apps on delete cascade,
    status text not null check (status in ('PENDING', 'SUCCEEDED', 'FAILED')),
    actor uuid not null,
    actor_email text not null,
    stack text not null,
    -- The buildpacks of this build, one a line.
    buildpacks text not null,
    -- Empty for a push with git.
    source_url text not null,
    source_checksum text,
    source_version text not null,
    source_description text not null,
    slug uuid references slugs on delete set null,
    release uuid references releases on delete set null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index builds_app on builds (app, created_at);
