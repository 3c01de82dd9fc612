/// What platform and routers say to each other: the routing table, the frames of the control link, the spool of
/// request lines.
///
/// Values and their encodings, shared by both ends; no sockets here. Start with [RoutingTable], then [ControlFrame].
@NullMarked
package dev.paddock.routes;

import org.jspecify.annotations.NullMarked;
