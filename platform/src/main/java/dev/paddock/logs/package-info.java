/// The log of each app: bounded segment files, and readers that follow them by cursor.
@NullMarked
package dev.paddock.logs;

import org.jspecify.annotations.NullMarked;
