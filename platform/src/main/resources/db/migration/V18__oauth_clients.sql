-- Programs that users may let act for them.
create table oauth_clients (
    id uuid primary key,
    account uuid not null references accounts on delete cascade,
    name text not null,
    redirect_uri text not null,
    sealed_secret bytea not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index oauth_clients_account on oauth_clients (account);

-- An authorization of a client begins as a grant, whose code is worth a token and a refresh token once. It expires with
-- its token, but stays: the refresh token makes another.
alter table authorizations add column client uuid references oauth_clients on delete cascade;
alter table authorizations add column grant_sha256 bytea unique;
alter table authorizations add column grant_expires_at timestamptz;
alter table authorizations add column refresh_sha256 bytea unique;
create index authorizations_client on authorizations (client);
