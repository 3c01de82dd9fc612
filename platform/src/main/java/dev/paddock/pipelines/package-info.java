/// Pipelines: the stages through which code moves from app to app, and which app is in which. What promotes is
/// `deploys.Promotions`. Start at `Pipelines`.
@NullMarked
package dev.paddock.pipelines;

import org.jspecify.annotations.NullMarked;
