package dev.paddock.core;

import java.util.UUID;

/// Who asked for a change: the account's id and e-mail, as releases and log lines name them.
public record Actor(UUID id, String email) {}
