@NullMarked
package dev.paddock.engine.local;

import org.jspecify.annotations.NullMarked;
