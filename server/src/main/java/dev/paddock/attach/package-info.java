/// Attached one-off dynos: the TLS port that a client dials to reach the streams of its dyno.
@NullMarked
package dev.paddock.attach;

import org.jspecify.annotations.NullMarked;
