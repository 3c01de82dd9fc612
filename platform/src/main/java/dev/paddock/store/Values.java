package dev.paddock.store;

import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.core.ReleaseVersion;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.argument.AbstractArgumentFactory;
import org.jdbi.v3.core.argument.Argument;
import org.jdbi.v3.core.config.ConfigRegistry;
import org.jdbi.v3.core.spi.JdbiPlugin;

/// How the vocabulary's small values travel to and from columns: ids as uuid, names as text, versions as integer,
/// moments as timestamptz.
final class Values implements JdbiPlugin {
    @Override
    public void customizeJdbi(Jdbi jdbi) throws SQLException {
        jdbi.registerArgument(
                new AbstractArgumentFactory<AppId>(Types.OTHER) {
                    @Override
                    protected Argument build(AppId value, ConfigRegistry config) {
                        return (position, statement, _) ->
                                statement.setObject(position, value.value());
                    }
                });
        jdbi.registerArgument(
                new AbstractArgumentFactory<UUID>(Types.OTHER) {
                    @Override
                    protected Argument build(UUID value, ConfigRegistry config) {
                        return (position, statement, _) -> statement.setObject(position, value);
                    }
                });
        jdbi.registerArgument(
                new AbstractArgumentFactory<AppName>(Types.VARCHAR) {
                    @Override
                    protected Argument build(AppName value, ConfigRegistry config) {
                        return (position, statement, _) ->
                                statement.setString(position, value.value());
                    }
                });
        jdbi.registerArgument(
                new AbstractArgumentFactory<ReleaseVersion>(Types.INTEGER) {
                    @Override
                    protected Argument build(ReleaseVersion value, ConfigRegistry config) {
                        return (position, statement, _) ->
                                statement.setInt(position, value.number());
                    }
                });
        jdbi.registerArgument(
                new AbstractArgumentFactory<Instant>(Types.TIMESTAMP_WITH_TIMEZONE) {
                    @Override
                    protected Argument build(Instant value, ConfigRegistry config) {
                        return (position, statement, _) ->
                                statement.setObject(position, value.atOffset(ZoneOffset.UTC));
                    }
                });
        jdbi.registerColumnMapper(
                UUID.class, (row, column, _) -> row.getObject(column, UUID.class));
        jdbi.registerColumnMapper(
                Instant.class,
                (row, column, _) -> {
                    OffsetDateTime moment = row.getObject(column, OffsetDateTime.class);
                    return moment == null ? null : moment.toInstant();
                });
        jdbi.registerColumnMapper(
                AppId.class, (row, column, _) -> new AppId(row.getObject(column, UUID.class)));
        jdbi.registerColumnMapper(
                AppName.class, (row, column, _) -> new AppName(row.getString(column)));
        jdbi.registerColumnMapper(
                ReleaseVersion.class, (row, column, _) -> new ReleaseVersion(row.getInt(column)));
    }
}
