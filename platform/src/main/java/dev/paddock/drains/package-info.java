/// Log drains: what an app logs, on its way to where its owner wants it (logs.md sections 2 to 4). Start at
/// [dev.paddock.drains.Drains]; a drain has one thread that reads the app's log into a bounded buffer and one that
/// sends what is in it, so that a target that is slow or away costs the drain lines and nobody else anything.
@NullMarked
package dev.paddock.drains;

import org.jspecify.annotations.NullMarked;
