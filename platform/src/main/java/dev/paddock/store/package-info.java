/// The database: connection, migrations, and the PostgreSQL server this platform runs itself.
@NullMarked
package dev.paddock.store;

import org.jspecify.annotations.NullMarked;
