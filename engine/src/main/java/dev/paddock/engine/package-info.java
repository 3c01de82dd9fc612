@NullMarked
package dev.paddock.engine;

import org.jspecify.annotations.NullMarked;
