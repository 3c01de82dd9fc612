/// Apps and their features; names are unique over all accounts.
@NullMarked
package dev.paddock.apps;

import org.jspecify.annotations.NullMarked;
