/// The Platform API over HTTP and HTTPS on one port.
///
/// [ApiServer] holds the one list of all routes; the `...Endpoints` classes answer them through the platform's
/// capabilities; every JSON field name stands in [Representations], every error's status in [ApiErrors].
@NullMarked
package dev.paddock.api;

import org.jspecify.annotations.NullMarked;
