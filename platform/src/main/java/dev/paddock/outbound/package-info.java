/// The way out for everything that a tenant may point somewhere: log drains, webhooks, sources, buildpacks. Start at
/// [dev.paddock.outbound.OutboundTargets], which says what may be reached; [dev.paddock.outbound.OutboundHttp] speaks
/// HTTP with it.
@NullMarked
package dev.paddock.outbound;

import org.jspecify.annotations.NullMarked;
