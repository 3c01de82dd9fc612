/// How many dynos of each type an app wants, and what the user may do to single dynos.
@NullMarked
package dev.paddock.formation;

import org.jspecify.annotations.NullMarked;
