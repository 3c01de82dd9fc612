/// Runs dynos on this machine with conmon and crun, or what there is instead: see [LocalMachine].
///
/// [LocalEngine] implements the port and owns everything here; a [LocalDyno] is one dyno's life, kept on disk so that
/// a later process can adopt it. [OciBundle] says what a dyno sees and may do, [Network] whom it may talk to,
/// [ProcessGroup] which processes are its own, [Sandbox] who makes it so: [Installation] chooses with root,
/// [UserInstallation] without. Start with [LocalEngine#start].
@NullMarked
package dev.paddock.engine.local;

import org.jspecify.annotations.NullMarked;
