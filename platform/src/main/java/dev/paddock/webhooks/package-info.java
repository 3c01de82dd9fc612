/// Webhooks: who wants to hear of what happens to an app, what happened, and telling them. Start at `Webhooks`; what
/// posts is `Deliverer`.
@NullMarked
package dev.paddock.webhooks;

import org.jspecify.annotations.NullMarked;
