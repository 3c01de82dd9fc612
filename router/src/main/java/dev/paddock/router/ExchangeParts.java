package dev.paddock.router;

import dev.paddock.router.http.Forwarding;

/// What an [Exchange] fills and empties again, used by one after the other: a request on the usual path would spend a
/// third of its allocated bytes on them. Owned by its event loop.
record ExchangeParts(Forwarding forwarding, Upload upload, Answer answer) {
    static ExchangeParts make() {
        return new ExchangeParts(new Forwarding(), new Upload(), new Answer());
    }

    /// Nothing of the last request is left.
    void reset() {
        forwarding.reset();
        upload.reset();
        answer.reset();
    }
}
