/// HTTP/1.1 on bytes: heads, framing and rewriting, without channels, timers or objects per header.
///
/// Everything here is for one thread and gives the same result however its input is split. Start with
/// [RequestHead] and [ResponseHead]; both are read by [HeadBuffer] and written for the other side by [RequestWriter]
/// and [ResponseWriter]. Bodies are read by [BodyReader].
@NullMarked
package dev.paddock.router.http;

import org.jspecify.annotations.NullMarked;
