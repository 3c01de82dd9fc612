/// The command line: one class per command, `Main` names them all. Commands print what is asked for on stdout and
/// everything else on stderr; exit statuses are in `Main`.
@NullMarked
package dev.paddock.cli;

import org.jspecify.annotations.NullMarked;
