/// How requests find apps: host names, certificates, and the table that all routers get.
@NullMarked
package dev.paddock.domains;

import org.jspecify.annotations.NullMarked;
