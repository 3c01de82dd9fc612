-- Operators add users; the first account is one.
alter table accounts add column operator boolean not null default false;
update accounts set operator = true
    where id = (select id from accounts order by created_at, id limit 1);
-- Made because somebody gave this address access to an app; nobody has had a key of it yet.
alter table accounts add column invited boolean not null default false;

-- A session is a key that a login in the browser made.
alter table authorizations add column session boolean not null default false;

create table ssh_keys (
    id uuid primary key,
    account uuid not null references accounts on delete cascade,
    public_key text not null,
    comment text not null,
    fingerprint text not null unique,
    created_at timestamptz not null
);
create index ssh_keys_account on ssh_keys (account);

-- Who besides its owner may see an app, and what they may do.
create table collaborators (
    id uuid primary key,
    app uuid not null references apps on delete cascade,
    account uuid not null references accounts on delete cascade,
    permissions text[] not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (app, account)
);
create index collaborators_account on collaborators (account);

create table app_transfers (
    id uuid primary key,
    app uuid not null references apps on delete cascade,
    owner uuid not null references accounts on delete cascade,
    recipient uuid not null references accounts on delete cascade,
    state text not null check (state in ('PENDING', 'ACCEPTED', 'DECLINED')),
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create unique index app_transfers_pending on app_transfers (app) where state = 'PENDING';
create index app_transfers_accounts on app_transfers (owner, recipient);
