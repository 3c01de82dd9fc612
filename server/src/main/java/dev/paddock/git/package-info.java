/// Git over smart HTTP: a push to main or master builds and releases the app.
///
/// A tree is never checked out here: it leaves the repository as a tar stream ([dev.paddock.build.TreeTar]) into a build dyno. Start with
/// [GitEndpoint], then [PushHook].
@NullMarked
package dev.paddock.git;

import org.jspecify.annotations.NullMarked;
