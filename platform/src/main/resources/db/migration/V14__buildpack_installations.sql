-- The buildpacks that an app's builds use, in this order; none means that one of ours is chosen by what is in the tree.
create table buildpack_installations (
    app uuid not null references apps on delete cascade,
    ordinal integer not null check (ordinal >= 0),
    -- A URL, or the name of one of ours as `heroku/nodejs`.
    buildpack text not null,
    primary key (app, ordinal),
    unique (app, buildpack)
);
