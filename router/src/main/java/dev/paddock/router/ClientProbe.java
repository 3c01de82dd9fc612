package dev.paddock.router;

import io.netty.channel.ChannelException;

/// Finds out whether a client that ended its sending side still listens.
///
/// TCP says the same when a client only shut down its sending side, and waits, as when it closed and is gone. A byte
/// sent to it tells them apart: the kernel of one that is gone answers with a reset. Before the answer that byte is a
/// `100 Continue`, which every client skips; within an answer it is TCP's keep-alive.
final class ClientProbe implements Runnable {
    private static final int LOOK_MILLIS = 20;
    private static final int LONGEST_LOOK_MILLIS = 1000;

    private final ClientConnection client;
    private final Wire wire;
    private final Deadlines.Deadline deadline;
    private int pauseMillis = LOOK_MILLIS;

    private ClientProbe(ClientConnection client) {
        this.client = client;
        wire = client.wire();
        deadline = client.loop().deadlines().create(this);
    }

    static void send(ClientConnection client) {
        if (client.canProbe()) {
            client.askForBody();
        }
        try {
            client.wire().probe();
        } catch (ChannelException e) {
            // What was written last found the client gone.
            client.wire().close();
            return;
        }
        new ClientProbe(client).deadline.set(LOOK_MILLIS);
    }

    @Override
    public void run() {
        if (!client.isWaiting() || !wire.isOpen()) {
            return;
        }
        if (wire.isDead()) {
            wire.close();
        } else {
            pauseMillis = Math.min(2 * pauseMillis, LONGEST_LOOK_MILLIS);
            deadline.set(pauseMillis);
        }
    }
}
