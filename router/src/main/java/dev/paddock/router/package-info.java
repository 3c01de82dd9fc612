/// The routing mesh: accepts HTTP and HTTPS and relays each request to the best web dyno, or answers with an H-code.
///
/// An [dev.paddock.router.EventLoop] owns its connections. A request flows through
/// [dev.paddock.router.ClientConnection] (accept, parse), [dev.paddock.router.Exchange] (choose, relay, answer) and
/// [dev.paddock.router.RequestLine] (log). What is served comes from a routes file or over the
/// [dev.paddock.router.ControlLink]. Start with [dev.paddock.router.Router].
@NullMarked
package dev.paddock.router;

import org.jspecify.annotations.NullMarked;
