-- Whose bill it goes to, and under which name: both as they were then, for apps change hands and go away.
alter table dyno_transitions add column owner uuid;
alter table dyno_transitions add column app_name text;
update dyno_transitions set owner = apps.owner, app_name = apps.name from apps where apps.id = dyno_transitions.app;
create index dyno_transitions_owner on dyno_transitions (owner, at);
create index dyno_transitions_app_name on dyno_transitions (app_name);

-- Up to when the platform is known to have run in each boot of the machine: what ran then and is gone after a power cut
-- ran until then at least, and nobody knows whether longer.
create table metering_marks (
    boot_id text primary key,
    tick_nanos bigint not null,
    at timestamptz not null
);
