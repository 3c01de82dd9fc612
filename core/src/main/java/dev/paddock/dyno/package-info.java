/// Dynos and the port to the engines that run them.
///
/// An engine knows containers; it neither restarts nor replaces anything. What it saw comes up as [DynoEvent];
/// what the manifold concluded from it is a [DynoTransition]. Start with [Engine] and [DynoSpec].
@NullMarked
package dev.paddock.dyno;

import org.jspecify.annotations.NullMarked;
