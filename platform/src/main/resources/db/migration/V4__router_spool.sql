-- How far the request lines of a router's spool are in the apps' logs.
create table router_spools (
    directory text primary key,
    -- Changes when a spool is begun anew, as its lines are then numbered from 1 again.
    stream uuid not null,
    file bigint not null,
    file_offset bigint not null
);
