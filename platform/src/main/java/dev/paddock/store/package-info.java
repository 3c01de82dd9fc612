/// The database: connection, migrations, and the PostgreSQL server behind it (`StateServer`): one that this platform runs
/// itself, or one that the operator named.
@NullMarked
package dev.paddock.store;

import org.jspecify.annotations.NullMarked;
