/// The running whole: settings, locks and files of one platform, and `Paddock`, the composition root that makes every
/// part and starts and stops them in order. Start reading there.
@NullMarked
package dev.paddock.server;

import org.jspecify.annotations.NullMarked;
