/// The record of what ran and for how long, and what runs right now.
@NullMarked
package dev.paddock.metering;

import org.jspecify.annotations.NullMarked;
