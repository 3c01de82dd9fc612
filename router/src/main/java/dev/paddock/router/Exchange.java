package dev.paddock.router;

import dev.paddock.router.http.Forwarding;
import dev.paddock.router.http.RequestHead;
import dev.paddock.router.http.RequestWriter;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.Timeouts;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One request from its head to its log line: find the app, choose a dyno, connect, relay, answer (router.md section
/// 2). A state machine that knows no channel. Owned by its event loop, as are both its streams.
final class Exchange implements RoutedApp.Waiter, Connector.Attempt {
    private static final int MOST_ATTEMPTS = 10;
    private static final int FIRST_PAUSE_MILLIS = 50;
    private static final int MOST_QUEUE_LIMITS = 4;
    private static final int LONGEST_PAUSE_MILLIS = 800;

    /// A kept connection that the dyno had closed shows it at once; one that ends later ended over this request.
    private static final long STALE_NANOS = 1_000_000_000L;

    private enum Phase {
        /// Waits for a place, for a dyno to start, or for a quarantine to end.
        WAITING,
        CONNECTING,
        RELAYING,
        TUNNEL,
        DONE
    }

    private final EventLoop loop;
    private final ClientStream client;
    private final Peer peer;
    private final RequestHead head;
    private final Forwarding forwarding = new Forwarding();
    private final Upload upload = new Upload();
    private final Answer answer;
    private final Deadlines.Deadline deadline;
    private final long startNanos = System.nanoTime();
    private final Timeouts timeouts;
    private List<Backend> tried = List.of();
    private Phase phase = Phase.WAITING;
    private @Nullable RoutedApp app;
    private @Nullable Backend backend;
    private @Nullable DynoStream dyno;
    private Connector.@Nullable Pending pending;
    private RouterFailure lastConnectFailure = RouterFailure.Dyno.REFUSED;
    private @Nullable RouterFailure onDeadline;
    private String dynoName = "";
    private String affinity = "";
    private long attemptNanos;
    private long connectMillis = -1;
    private long sentNanos;
    private int pauseMillis = FIRST_PAUSE_MILLIS;
    private boolean answered;
    private boolean clientEnded;
    private boolean dynoEnded;
    private int status;

    Exchange(EventLoop loop, ClientStream client, Peer peer, RequestHead head) {
        this.loop = loop;
        this.client = client;
        this.peer = peer;
        this.head = head;
        timeouts = loop.index().timeouts();
        answer = new Answer(loop.takeResponseHead());
        deadline = loop.deadlines().create(this::expired);
    }

    // ---- from the head to a dyno

    void start() {
        forwarding.prepare(
                head,
                peer.address(),
                peer.isTls(),
                peer.port(),
                System.currentTimeMillis(),
                loop.random());
        upload.begin(head);
        RouteIndex index = loop.index();
        RoutedApp found = index.find(head.bytes(), head.hostStart(), head.hostNameEnd());
        if (found == null) {
            fail(
                    index.isKnown()
                            ? RouterFailure.Client.UNKNOWN_HOST
                            : RouterFailure.Platform.FAULT);
            return;
        }
        app = found;
        RouterFailure refusal = refusal(found.route());
        if (refusal != null) {
            fail(refusal);
            return;
        }
        if (head.expectsContinue() && !found.route().continueEndToEnd()) {
            head.dropExpectation();
            answer.continued();
            client.askForBody();
        }
        affinity = found.route().affinity() ? head.cookie(Affinity.COOKIE) : "";
        choose();
    }

    private @Nullable RouterFailure refusal(AppRoute route) {
        if (peer.isMisdirected(route, head)) {
            return RouterFailure.Client.MISDIRECTED;
        }
        if (route.maintenance()) {
            return RouterFailure.Platform.MAINTENANCE;
        }
        return switch (route.status()) {
            case BLANK -> RouterFailure.Platform.BLANK;
            case QUOTA_EXHAUSTED -> RouterFailure.Platform.QUOTA;
            case NORMAL ->
                    head.hasUnknownExpectation() ? RouterFailure.Client.UNKNOWN_EXPECTATION : null;
        };
    }

    private void choose() {
        switch (app().acquire(this, System.nanoTime(), MOST_ATTEMPTS)) {
            case Backend chosen -> attempt(chosen);
            case Choice.None none -> {
                switch (none) {
                    case QUEUED -> await(RouterFailure.Platform.BACKLOG, timeouts.queue());
                    case BACKLOG_FULL -> fail(RouterFailure.Platform.BACKLOG);
                    case QUARANTINED -> pause();
                    case EXHAUSTED -> fail(lastConnectFailure);
                    case BOOTING -> {
                        loop.wake(app());
                        await(RouterFailure.Dyno.BOOT_TIMEOUT, timeouts.boot());
                    }
                    case CRASHED -> fail(RouterFailure.Dyno.CRASHED);
                    case NO_PROCESSES -> fail(RouterFailure.Platform.NO_PROCESSES);
                }
            }
        }
    }

    /// Waits until the limit, counted from the start of the request, is over.
    private void await(RouterFailure whenOver, int limitMillis) {
        phase = Phase.WAITING;
        onDeadline = whenOver;
        deadline.set(Math.max(1, limitMillis - millisSince(startNanos)));
    }

    private void pause() {
        long left = timeouts.queue() - millisSince(startNanos);
        if (left <= 0) {
            fail(RouterFailure.Platform.FAULT);
            return;
        }
        phase = Phase.WAITING;
        onDeadline = null;
        deadline.set(Math.min(pauseMillis, left));
        pauseMillis = Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS);
    }

    @Override
    public void granted(Backend given) {
        loop.execute(() -> {
            if (phase == Phase.WAITING) {
                attempt(given);
            } else {
                app().release(given, false);
            }
        });
    }

    @Override
    public void appChanged() {
        loop.execute(() -> {
            if (phase == Phase.WAITING) {
                choose();
            }
        });
    }

    @Override
    public List<Backend> tried() {
        return tried;
    }

    @Override
    public String affinity() {
        return affinity;
    }

    @Override
    public long waitingSinceNanos() {
        return startNanos;
    }

    // ---- connecting

    private void attempt(Backend chosen) {
        backend = chosen;
        dynoName = chosen.name();
        attemptNanos = System.nanoTime();
        DynoStream kept =
                app().route().dynoKeepalive() && !head.isUpgrade()
                        ? loop.connector().takeKept(chosen, this)
                        : null;
        if (kept != null) {
            connectMillis = 0;
            begin(kept);
        } else {
            connect(chosen);
        }
    }

    private void connect(Backend to) {
        phase = Phase.CONNECTING;
        onDeadline = null;
        deadline.set(timeouts.connect());
        pending = loop.connector().connect(to, this);
    }

    @Override
    public void connected(DynoStream fresh) {
        pending = null;
        if (phase != Phase.CONNECTING || backend == null) {
            fresh.close();
            return;
        }
        connectMillis = millisSince(attemptNanos);
        app().connected(backend);
        begin(fresh);
    }

    @Override
    public void notConnected() {
        pending = null;
        if (phase == Phase.CONNECTING) {
            tryNext(RouterFailure.Dyno.REFUSED);
        }
    }

    /// The dyno is left alone for a while, and another one is chosen.
    private void tryNext(RouterFailure why) {
        Backend failed = backend();
        backend = null;
        connectMillis = millisSince(attemptNanos);
        lastConnectFailure = why;
        if (tried.isEmpty()) {
            tried = new ArrayList<>(2);
        }
        tried.add(failed);
        app().quarantine(failed, System.nanoTime() + timeouts.quarantine() * 1_000_000L);
        app().release(failed, false);
        loop.trouble(app(), failed, why);
        choose();
    }

    private void begin(DynoStream connected) {
        phase = Phase.RELAYING;
        dyno = connected;
        sentNanos = System.nanoTime();
        forwarding.attempt(connectMillis, millisSince(startNanos), app().route().dynoKeepalive());
        ByteBuf out = loop.allocator().ioBuffer(RequestWriter.estimate(head, forwarding));
        RequestWriter.write(out, head, forwarding);
        connected.send(out);
        upload.repeat(connected);
        connected.wantBytes(true);
        if (upload.isComplete()) {
            requestSent();
        } else {
            connected.flush();
            activity();
            client.wantBytes(connected.isWritable());
        }
    }

    // ---- the client's bytes

    /// Whether the whole request was read from the client.
    boolean isRequestRead() {
        return upload.isComplete();
    }

    /// Bytes of the body or of the tunnel; what is not taken stays in the buffer.
    void clientBytes(ByteBuf in) {
        DynoStream to = dyno;
        if (to == null || phase == Phase.DONE) {
            return;
        }
        if (phase == Phase.TUNNEL) {
            activity();
            to.send(in.readRetainedSlice(in.readableBytes()));
        } else {
            switch (upload.relay(in, to)) {
                case MORE -> activity();
                case COMPLETE -> {
                    requestSent();
                    return;
                }
                case BAD -> {
                    fail(RouterFailure.Client.BAD_CHUNK);
                    return;
                }
            }
        }
        to.flush();
        client.wantBytes(to.isWritable());
    }

    /// From here on the dyno owes the first byte of its answer.
    private void requestSent() {
        if (dyno != null) {
            dyno.flush();
        }
        client.wantBytes(false);
        if (answer.isBegun()) {
            activity();
        } else {
            onDeadline = RouterFailure.Dyno.SLOW;
            deadline.set(app().route().firstByteMs().orElse(timeouts.firstByte()));
        }
    }

    /// The client ended its sending side, which it may do after its request, and in a tunnel.
    void clientEnded() {
        if (phase == Phase.TUNNEL) {
            clientEnded = true;
            dyno().endOfTunnel();
            finishTunnel();
        } else if (!upload.isComplete()) {
            clientGone();
        }
    }

    /// The client is not there any more.
    void clientGone() {
        if (phase == Phase.TUNNEL) {
            finish(null);
        } else {
            fail(RouterFailure.Client.GONE);
        }
    }

    void clientWritable(boolean writable) {
        if (dyno != null && (phase == Phase.RELAYING || phase == Phase.TUNNEL)) {
            if (writable) {
                activity();
            }
            dyno.wantBytes(writable);
        }
    }

    // ---- the dyno's bytes

    /// Bytes of the answer or of the tunnel; all are taken.
    void dynoBytes(ByteBuf in) {
        if (phase == Phase.TUNNEL) {
            activity();
            client.data(in.readRetainedSlice(in.readableBytes()));
            return;
        }
        if (phase != Phase.RELAYING) {
            in.skipBytes(in.readableBytes());
            return;
        }
        upload.letGo();
        Answer.Progress progress =
                answer.isBegun()
                        ? Answer.Progress.HEAD
                        : answer.readHead(in, head.isHead(), head.isUpgrade(), client);
        if (progress == Answer.Progress.HEAD) {
            beginAnswer();
            progress = answer.relayBody(in, client);
        }
        switch (progress) {
            case MORE, HEAD -> {
                if (answer.isBegun() || (answer.hasBytes() && upload.isComplete())) {
                    activity();
                }
            }
            case TUNNEL -> openTunnel(in);
            case COMPLETE -> {
                client.end(answer.body());
                finishAnswer(in.isReadable());
            }
            case FAILED -> fail(answer.failure());
        }
    }

    void dynoFlushed() {
        client.flush();
        if (dyno != null && !client.isWritable()) {
            dyno.wantBytes(false);
        }
    }

    private void beginAnswer() {
        if (answer.isBegun()) {
            return;
        }
        answer.begun();
        answered();
        status = answer.head().status();
        byte[] cookie =
                app().route().affinity()
                        ? Affinity.cookieLine(backend(), affinity, peer.isTls())
                        : Affinity.none();
        client.begin(answer.head(), !upload.isComplete(), cookie);
    }

    private void openTunnel(ByteBuf rest) {
        phase = Phase.TUNNEL;
        onDeadline = RouterFailure.Dyno.IDLE;
        answer.begun();
        answered();
        status = answer.head().status();
        client.begin(answer.head(), false, Affinity.none());
        client.openTunnel();
        activity();
        if (rest.isReadable()) {
            client.data(rest.readRetainedSlice(rest.readableBytes()));
        }
        client.wantBytes(true);
    }

    private void answered() {
        answered = true;
        app().answered();
    }

    /// The dyno ended its stream or the connection broke.
    void dynoEnded(boolean broken) {
        switch (phase) {
            case TUNNEL -> {
                dynoEnded = true;
                client.endOfTunnel();
                if (broken) {
                    finish(null);
                } else {
                    finishTunnel();
                }
            }
            case RELAYING -> {
                if (answer.isBegun()) {
                    if (answer.body().mayEndHere() && !broken) {
                        client.end(answer.body());
                        finishAnswer(true);
                    } else {
                        fail(RouterFailure.Dyno.INTERRUPTED);
                    }
                } else if (answer.hasBytes()) {
                    fail(RouterFailure.Dyno.INTERRUPTED);
                } else if (isStale()) {
                    replace();
                } else {
                    fail(RouterFailure.Dyno.CLOSED);
                }
            }
            case WAITING, CONNECTING, DONE -> {}
        }
    }

    void dynoWritable() {
        if (dyno != null
                && phase != Phase.DONE
                && (phase == Phase.TUNNEL || !upload.isComplete())) {
            activity();
            client.wantBytes(true);
        }
    }

    private boolean isStale() {
        return dyno().isReused()
                && upload.canRepeat()
                && System.nanoTime() - sentNanos < STALE_NANOS;
    }

    /// A kept connection that the dyno had closed meanwhile; the client must not notice.
    private void replace() {
        dyno().close();
        dyno = null;
        client.wantBytes(false);
        attemptNanos = System.nanoTime();
        connect(backend());
    }

    // ---- limits

    /// Bytes went either way.
    private void activity() {
        if (phase == Phase.TUNNEL || answer.isBegun()) {
            onDeadline = client.isWritable() ? RouterFailure.Dyno.IDLE : RouterFailure.Client.IDLE;
        } else {
            boolean dynoTakesAll = dyno == null || dyno.isWritable();
            onDeadline =
                    !upload.isComplete() && dynoTakesAll
                            ? RouterFailure.Client.IDLE
                            : RouterFailure.Dyno.IDLE;
        }
        deadline.set(timeouts.idle());
    }

    private void expired() {
        if (onDeadline == RouterFailure.Platform.BACKLOG && isMoving()) {
            long stood = millisSince(app().movedNanos());
            deadline.set(Math.max(1, timeouts.queue() - stood));
        } else if (onDeadline != null) {
            fail(onDeadline);
        } else if (phase == Phase.CONNECTING) {
            if (pending != null) {
                pending.cancel();
                pending = null;
            }
            tryNext(RouterFailure.Dyno.CONNECT_TIMEOUT);
        } else {
            choose();
        }
    }

    /// A queue that gives out dynos is worth waiting in: its limit is on standing still, and a few times that in all.
    private boolean isMoving() {
        return app().movedNanos() != 0
                && millisSince(app().movedNanos()) < timeouts.queue()
                && millisSince(startNanos) < (long) MOST_QUEUE_LIMITS * timeouts.queue();
    }

    /// The router goes down and waits no longer.
    void forceClose() {
        fail(RouterFailure.Platform.FORCED_CLOSE);
    }

    // ---- ends

    private void finishTunnel() {
        if (clientEnded && dynoEnded) {
            finish(null);
        }
    }

    /// @param used whether the dyno's connection cannot serve another request
    private void finishAnswer(boolean used) {
        boolean kept =
                !used
                        && upload.isComplete()
                        && answer.head().isKeepAlive()
                        && app().route().dynoKeepalive();
        DynoStream finished = dyno();
        dyno = null;
        if (kept) {
            finished.keep();
        } else {
            finished.close();
        }
        finish(null);
    }

    private void fail(RouterFailure failure) {
        if (phase == Phase.DONE) {
            return;
        }
        finish(failure);
    }

    private void finish(@Nullable RouterFailure failure) {
        boolean wasTunnel = phase == Phase.TUNNEL;
        phase = Phase.DONE;
        log(failure, client.sentBytes());
        deadline.clear();
        upload.letGo();
        leaveDyno();
        if (failure == null && !wasTunnel) {
            client.finished(upload.isComplete());
        } else if (failure == null
                || failure.status() == 499
                || failure.status() == 0
                || answer.isBegun()) {
            client.cut();
        } else {
            if (failure != RouterFailure.Client.BAD_CHUNK) {
                upload.discard(client.buffered());
            }
            boolean last =
                    !upload.isComplete() || failure == RouterFailure.Client.UNKNOWN_EXPECTATION;
            client.page(failure.status(), page(failure), last);
            client.finished(!last);
        }
        loop.giveBack(answer.head());
    }

    private void leaveDyno() {
        if (pending != null) {
            pending.cancel();
            pending = null;
        }
        if (dyno != null) {
            dyno.close();
            dyno = null;
        }
        if (app != null) {
            app.leave(this);
            if (backend != null) {
                app.release(backend, answered);
            }
        }
    }

    private byte[] page(RouterFailure failure) {
        if (app != null) {
            AppRoute route = app.route();
            if (failure == RouterFailure.Platform.MAINTENANCE
                    && route.maintenancePage().isPresent()) {
                return ErrorPages.frame(route.maintenancePage().get());
            }
            if (failure.usesErrorPage() && route.errorPage().isPresent()) {
                return ErrorPages.frame(route.errorPage().get());
            }
        }
        return ErrorPages.page(failure);
    }

    private void log(@Nullable RouterFailure failure, long bytes) {
        boolean reached = backend != null && connectMillis >= 0;
        long service = reached ? millisSince(sentNanos) : -1;
        loop.log(
                app,
                head,
                forwarding,
                new RequestLine.Facts(
                        failure,
                        dynoName,
                        connectMillis,
                        service,
                        failure == null ? status : failure.status(),
                        reached ? bytes : -1,
                        peer.protocol(),
                        peer.tlsVersion()),
                millisSince(startNanos));
    }

    private static long millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1_000_000;
    }

    private RoutedApp app() {
        return required(app);
    }

    private Backend backend() {
        return required(backend);
    }

    private DynoStream dyno() {
        return required(dyno);
    }

    private static <T> T required(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("the exchange is in another phase");
        }
        return value;
    }
}
