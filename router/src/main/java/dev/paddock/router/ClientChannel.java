package dev.paddock.router;

/// A client's open connection as its event loop sees it, whatever protocol it speaks.
interface ClientChannel {
    /// The client is to be sent away, its running requests answered first.
    ///
    /// @param idleToo whether one that cannot be told so goes at once when it waits for nothing: a request of it may be
    /// on its way
    void drain(boolean idleToo);

    /// Cuts whatever runs.
    void forceClose();
}
