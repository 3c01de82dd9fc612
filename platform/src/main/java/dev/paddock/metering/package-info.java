/// The record of what ran and for how long.
@NullMarked
package dev.paddock.metering;

import org.jspecify.annotations.NullMarked;
