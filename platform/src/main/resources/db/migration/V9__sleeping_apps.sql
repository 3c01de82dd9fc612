-- The apps that sleep: they keep their formation and run none of it until a request or a change wakes them.
create table sleeping_apps (
    app uuid primary key references apps on delete cascade,
    since timestamptz not null
);
