-- Config vars as the vault sealed them; null for none.
alter table releases add column sealed_config bytea;
-- What an earlier version stored readable; the next start seals it and leaves null here.
alter table releases rename column config to plain_config;
alter table releases alter column plain_config drop not null;

-- Tells whether the key at hand is the one that sealed what is in this database.
create table vault (
    key_fingerprint bytea primary key
);
