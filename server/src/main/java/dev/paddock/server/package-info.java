@NullMarked
package dev.paddock.server;

import org.jspecify.annotations.NullMarked;
