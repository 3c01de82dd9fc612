@NullMarked
package dev.paddock.router;

import org.jspecify.annotations.NullMarked;
