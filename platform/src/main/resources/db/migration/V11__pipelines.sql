create table pipelines (
    id uuid primary key,
    name text not null,
    owner uuid not null references accounts on delete cascade,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (owner, name)
);

-- Which stage an app is in; an app is in one pipeline at most.
create table pipeline_couplings (
    id uuid primary key,
    pipeline uuid not null references pipelines on delete cascade,
    app uuid not null unique references apps on delete cascade,
    stage text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index pipeline_couplings_pipeline on pipeline_couplings (pipeline);

-- Config vars for apps that are made for a stage, sealed.
create table pipeline_config (
    pipeline uuid not null references pipelines on delete cascade,
    stage text not null,
    sealed_config bytea not null,
    primary key (pipeline, stage)
);

create table promotions (
    id uuid primary key,
    pipeline uuid not null references pipelines on delete cascade,
    app uuid not null references apps on delete cascade,
    release uuid not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create table promotion_targets (
    id uuid primary key,
    promotion uuid not null references promotions on delete cascade,
    app uuid not null references apps on delete cascade,
    release uuid,
    status text not null check (status in ('PENDING', 'SUCCEEDED', 'FAILED')),
    error text
);
create index promotion_targets_promotion on promotion_targets (promotion);
