/// The orchestrator: push, config change, rollback and destruction of an app.
@NullMarked
package dev.paddock.deploys;

import org.jspecify.annotations.NullMarked;
