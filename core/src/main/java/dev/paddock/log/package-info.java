/// Lines of the app log and the port that takes them.
@NullMarked
package dev.paddock.log;

import org.jspecify.annotations.NullMarked;
