/// Who may use the platform: accounts and their keys, which are stored hashed.
@NullMarked
package dev.paddock.accounts;

import org.jspecify.annotations.NullMarked;
