/// Releases and config vars; the only writer of releases.
@NullMarked
package dev.paddock.releases;

import org.jspecify.annotations.NullMarked;
