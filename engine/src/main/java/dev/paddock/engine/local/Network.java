package dev.paddock.engine.local;

import dev.paddock.engine.local.OciBundle.Connection;
import java.util.List;

/// Where dynos are reached and whom they reach. Each holds a slot of it. Safe for any thread.
interface Network {
    /// Takes over what an earlier process left, except what dynos hold.
    void open(List<Life.Place> held);

    /// A slot that is ready to be used.
    int take();

    /// Gives a slot back, of which nothing is used any more.
    void release(int slot);

    /// The port of a new start in this slot.
    ///
    /// @param wanted what the app's config says, which may be no port
    int port(int slot, String wanted);

    String dynoAddress(int slot);

    Connection connection(int slot);

    /// Makes slots ahead, where that takes time; returns at once.
    void refill();

    /// Makes no more, and waits for what is under way.
    void close();

    /// Removes those that were made ahead.
    void drain();

    /// Puts its rules in force again where somebody has taken them away, as `nft flush ruleset` does and a start of Docker.
    ///
    /// @return whether that was needed
    boolean uphold();

    /// Takes its rules away; there is no dyno any more.
    void lower();
}
