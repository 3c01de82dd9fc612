/// The file that a backup is: a compressed tar whose last entry tells whether it is whole.
///
/// What goes into it and comes out of it is decided by `server`'s Backup and Restore. Start with [ArchiveWriter], then
/// [ArchiveReader].
@NullMarked
package dev.paddock.backup;

import org.jspecify.annotations.NullMarked;
