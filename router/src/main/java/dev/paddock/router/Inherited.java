package dev.paddock.router;

import io.netty.channel.ChannelException;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Listening descriptors that this process got from an older router or from systemd, by the addresses they listen on.
/// Whatever nobody took is closed at the end. For one thread.
final class Inherited implements AutoCloseable {
    static final int MOST_DESCRIPTORS = 256;

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int LOOK_MILLIS = 1;
    private static final int SOL_SOCKET = 1;
    private static final int SO_PEERCRED = 17;
    private static final int SO_ACCEPTCONN = 30;
    private static final int SO_DOMAIN = 39;
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    private static final int CREDENTIALS_BYTES = 12;
    private static final int FIRST_OF_SYSTEMD = 3;

    private final List<Integer> descriptors;
    private final @Nullable Socket older;

    private Inherited(List<Integer> descriptors, @Nullable Socket older) {
        this.descriptors = new ArrayList<>(descriptors);
        this.older = older;
    }

    static Inherited none() {
        return new Inherited(List.of(), null);
    }

    /// What systemd opened for this process (sd_listen_fds(3)).
    ///
    /// @throws IOException when the variables do not fit what is there, naming them
    static Inherited ofSystemd(Map<String, String> environment) throws IOException {
        String count = environment.get("LISTEN_FDS");
        String pid = environment.get("LISTEN_PID");
        if (count == null || pid == null) {
            return none();
        }
        if (!pid.equals(Long.toString(ProcessHandle.current().pid()))) {
            System.err.println(
                    "router: LISTEN_PID is "
                            + pid
                            + ", not this process's number: no listeners are taken from systemd");
            return none();
        }
        if (!count.matches("[0-9]{1,3}") || Integer.parseInt(count) > MOST_DESCRIPTORS) {
            throw new IOException(
                    "LISTEN_FDS is '"
                            + count
                            + "', not a number of descriptors from 0 to "
                            + MOST_DESCRIPTORS
                            + "; unset it, or let systemd set it");
        }
        List<Integer> descriptors = new ArrayList<>();
        int end = FIRST_OF_SYSTEMD + Integer.parseInt(count);
        for (int descriptor = FIRST_OF_SYSTEMD; descriptor < end; descriptor++) {
            if (!listensForTcp(descriptor)) {
                throw new IOException(
                        "LISTEN_FDS is "
                                + count
                                + ", but descriptor "
                                + descriptor
                                + " is not a listening TCP socket; let systemd pass nothing but"
                                + " ListenStream= with ports, and Accept=no");
            }
            descriptors.add(descriptor);
        }
        // Only now: others are files of this process, perhaps.
        descriptors.forEach(Descriptors::makeNonBlocking);
        return new Inherited(descriptors, null);
    }

    private static boolean listensForTcp(int descriptor) {
        if (!Epoll.isAvailable()) {
            return false;
        }
        try {
            Socket socket = new Socket(descriptor);
            int domain = socket.getIntOpt(SOL_SOCKET, SO_DOMAIN);
            return (domain == AF_INET || domain == AF_INET6)
                    && socket.getIntOpt(SOL_SOCKET, SO_ACCEPTCONN) == 1;
        } catch (IOException | ChannelException _) {
            // It is closed, or no socket.
            return false;
        }
    }

    /// Addresses that nobody took.
    List<InetSocketAddress> left() {
        List<InetSocketAddress> left = new ArrayList<>();
        for (int descriptor : descriptors) {
            left.add(new Socket(descriptor).localAddress());
        }
        return left;
    }

    /// Whether a router offers its listeners on this socket.
    static boolean isOffered(Path socket) {
        Optional<Socket> open = connect(socket);
        open.ifPresent(Inherited::close);
        return open.isPresent();
    }

    /// What the router that offers its listeners on this socket sends; nothing when there is none. It serves on until
    /// [#ready].
    ///
    /// @throws IOException when somebody is there but sends none
    static Inherited from(Path socket) throws IOException {
        Optional<Socket> open = connect(socket);
        if (open.isEmpty()) {
            return none();
        }
        Socket older = open.get();
        List<Integer> received = new ArrayList<>();
        try {
            if (uidOfPeer(older) != uidOfThisProcess()) {
                throw new IOException("the process there belongs to another user");
            }
            receive(older, received);
            if (received.isEmpty()) {
                throw new IOException("it hands over to another one already");
            }
            return new Inherited(received, older);
        } catch (IOException refused) {
            received.forEach(Inherited::close);
            close(older);
            throw new IOException(
                    "cannot take over the listeners at " + socket + ": " + refused.getMessage(),
                    refused);
        }
    }

    private static Optional<Socket> connect(Path path) {
        if (!Files.exists(path) || !Epoll.isAvailable()) {
            return Optional.empty();
        }
        Socket socket = Socket.newSocketDomain();
        try {
            if (socket.connect(new DomainSocketAddress(path.toString()))) {
                return Optional.of(socket);
            }
        } catch (IOException _) {
            // Left over by a router that is gone.
        }
        close(socket);
        return Optional.empty();
    }

    private static void receive(Socket from, List<Integer> into) throws IOException {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (into.size() < MOST_DESCRIPTORS) {
            int descriptor = from.recvFd();
            if (descriptor < 0) {
                return;
            }
            if (descriptor > 0) {
                into.add(descriptor);
                continue;
            }
            if (System.nanoTime() - end > 0) {
                throw new IOException("nothing comes");
            }
            pause();
        }
    }

    /// Takes the descriptors that listen on this address: several when the older router has several event loops.
    List<Integer> take(InetSocketAddress address) {
        List<Integer> taken = new ArrayList<>();
        descriptors.removeIf(descriptor -> {
            InetSocketAddress local = new Socket(descriptor).localAddress();
            boolean same = local != null && isSame(local, address);
            if (same) {
                taken.add(descriptor);
            }
            return same;
        });
        return taken;
    }

    private static boolean isSame(InetSocketAddress one, InetSocketAddress other) {
        InetAddress first = one.getAddress();
        InetAddress second = other.getAddress();
        return one.getPort() == other.getPort()
                && (first.equals(second)
                        || (first.isAnyLocalAddress() && second.isAnyLocalAddress()));
    }

    /// This process accepts: the older router may stop doing so.
    void ready() throws IOException {
        Socket to = older;
        if (to != null) {
            ByteBuffer word = ByteBuffer.allocateDirect(1).put((byte) 1);
            to.send(word, 0, 1);
        }
    }

    boolean isFromRouter() {
        return older != null;
    }

    @Override
    public void close() {
        descriptors.forEach(Inherited::close);
        descriptors.clear();
        Socket to = older;
        if (to != null && to.isOpen()) {
            close(to);
        }
    }

    private static void close(int descriptor) {
        close(new FileDescriptor(descriptor));
    }

    private static void close(FileDescriptor descriptor) {
        try {
            descriptor.close();
        } catch (IOException _) {
            // It is gone anyhow.
        }
    }

    static int uidOfThisProcess() throws IOException {
        return (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    }

    private static int uidOfPeer(Socket socket) throws IOException {
        ByteBuffer credentials =
                ByteBuffer.allocateDirect(CREDENTIALS_BYTES).order(ByteOrder.nativeOrder());
        socket.getRawOpt(SOL_SOCKET, SO_PEERCRED, credentials);
        return credentials.getInt(4);
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
