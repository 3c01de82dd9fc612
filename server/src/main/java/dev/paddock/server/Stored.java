package dev.paddock.server;

import dev.paddock.accounts.Accounts;
import dev.paddock.accounts.AuditLog;
import dev.paddock.accounts.Authorizations;
import dev.paddock.accounts.OAuthClients;
import dev.paddock.apps.Apps;
import dev.paddock.build.Buildpacks;
import dev.paddock.build.Builds;
import dev.paddock.build.SlugStore;
import dev.paddock.build.Sources;
import dev.paddock.core.Timers;
import dev.paddock.domains.Domains;
import dev.paddock.logs.CommandOutputs;
import dev.paddock.metering.DynoRecord;
import dev.paddock.metering.Meter;
import dev.paddock.releases.Releases;
import dev.paddock.store.Database;
import dev.paddock.webhooks.Deliveries;
import java.time.InstantSource;

/// What the platform keeps: the tables of the database and the files beside it, each with its one writer.
final class Stored {
    final InstantSource clock;
    final Database database;
    final Accounts accounts;
    final Authorizations authorizations;
    final OAuthClients clients;
    final AuditLog audit;
    final Apps apps;
    final Releases releases;
    final SlugStore slugs;
    final Builds builds;
    final Buildpacks buildpacks;
    final Sources sources;
    final CommandOutputs outputs;
    final Domains domains;
    final DynoRecord dynoRecord;
    final Meter meter;
    final Deliveries deliveries;

    Stored(
            Database database,
            DataDirectory data,
            Settings settings,
            Timers timers,
            InstantSource clock) {
        this.clock = clock;
        this.database = database;
        accounts = new Accounts(database, clock);
        authorizations = new Authorizations(database, clock, accounts);
        clients = new OAuthClients(database, clock, accounts);
        audit = new AuditLog(data.audit());
        apps = new Apps(database, clock);
        releases = new Releases(database, clock);
        slugs = new SlugStore(database, data.slugs());
        builds = new Builds(database, clock);
        buildpacks = new Buildpacks(database);
        sources = new Sources(data.sources(), clock);
        outputs = new CommandOutputs(data.outputs());
        domains = new Domains(database, settings.domain(), clock);
        dynoRecord = new DynoRecord(database);
        meter = new Meter(database, timers, settings.freeHours());
        deliveries = new Deliveries(database, clock);
    }
}
