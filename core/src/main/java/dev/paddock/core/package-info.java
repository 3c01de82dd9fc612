/// The words every other module speaks: apps, releases, config vars, errors and time.
///
/// Values only; nothing here does anything beyond refusing what is not valid. Start with [App] and [Release].
@NullMarked
package dev.paddock.core;

import org.jspecify.annotations.NullMarked;
