/// From a source tree to a slug: buildpacks run inside a build dyno.
@NullMarked
package dev.paddock.build;

import org.jspecify.annotations.NullMarked;
