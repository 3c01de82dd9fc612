package dev.paddock.router;

import dev.paddock.router.http.Bytes;
import dev.paddock.router.http.Forwarding;
import dev.paddock.router.http.RequestHead;
import dev.paddock.router.http.RequestWriter;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.Timeouts;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// One request from its head to its log line: find the app, choose a dyno, connect, relay, answer (router.md section
/// 2). A state machine that knows no channel. Owned by its event loop, as are both its streams.
final class Exchange {

    /// A kept connection that the dyno had closed shows it at once; one that ends later ended over this request.
    private static final long STALE_NANOS = 1_000_000_000L;

    private enum Phase {
        /// No dyno is connected yet.
        SEARCHING,
        RELAYING,
        TUNNEL,
        DONE
    }

    private final EventLoop loop;
    private final ClientStream client;
    private final Peer peer;
    private final RequestHead head;
    private final ExchangeParts parts;
    private final Forwarding forwarding;
    private final Upload upload;
    private final Answer answer;
    private final Deadlines.Deadline deadline;
    private final long startNanos;
    private final Timeouts timeouts;
    private Phase phase = Phase.SEARCHING;
    private @Nullable RoutedApp app;
    private @Nullable DynoSearch search;
    private @Nullable DynoStream dyno;
    private RouterFailure onDeadline = RouterFailure.Platform.FAULT;
    private long sentNanos;
    private boolean answered;
    private boolean clientEnded;
    private boolean pouring;

    /// No pour was to be had for this answer.
    private boolean copying;

    private boolean dynoEnded;
    private int status;

    /// @param startNanos when the request had come, on the clock of [System#nanoTime]
    Exchange(EventLoop loop, ClientStream client, Peer peer, RequestHead head, long startNanos) {
        this.loop = loop;
        this.client = client;
        this.peer = peer;
        this.head = head;
        this.startNanos = startNanos;
        timeouts = loop.index().timeouts();
        parts = loop.takeParts();
        forwarding = parts.forwarding();
        upload = parts.upload();
        answer = parts.answer();
        deadline = loop.deadlines().create(new Limit());
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
        upload.begin(head, client.framesBodies());
        RouteIndex index = loop.index();
        RoutedApp found = index.find(head.bytes(), head.hostStart(), head.hostNameEnd());
        if (found == null) {
            fail(
                    index.isKnown() && !loop.isTableVoid(System.nanoTime())
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
        search =
                new DynoSearch(
                        loop,
                        found,
                        this,
                        deadline,
                        head.isUpgrade(),
                        found.route().affinity() ? head.cookie(Affinity.COOKIE) : "",
                        startNanos);
        search.start();
    }

    private @Nullable RouterFailure refusal(AppRoute route) {
        if (peer.isMisdirected(route, head)) {
            return RouterFailure.Client.MISDIRECTED;
        }
        RouterFailure platform = RouterFailure.Platform.of(route);
        if (platform == null && head.hasUnknownExpectation()) {
            return RouterFailure.Client.UNKNOWN_EXPECTATION;
        }
        return platform;
    }

    /// A dyno is connected and counted as busy with this request.
    void found(DynoStream connected, long nowNanos) {
        phase = Phase.RELAYING;
        dyno = connected;
        sentNanos = nowNanos;
        forwarding.attempt(
                search().connectNanos() / 1_000_000,
                (nowNanos - startNanos) / 1_000_000,
                app().route().dynoKeepalive());
        Bytes text = loop.scratch();
        RequestWriter.write(text, head, forwarding);
        ByteBuf out = loop.allocator().ioBuffer(text.length());
        text.writeTo(out);
        connected.send(out);
        upload.repeat(connected);
        connected.wantBytes(true);
        if (upload.isComplete()) {
            requestSent(nowNanos);
        } else {
            boolean writable = connected.isWritable();
            if (!writable || !client.buffered().isReadable()) {
                // Else the head goes with the beginning of the body.
                connected.flush();
            }
            activity();
            client.wantBytes(writable);
        }
    }

    // ---- the client's bytes

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
                    requestSent(System.nanoTime());
                    return;
                }
                case BAD -> {
                    fail(RouterFailure.Client.BAD_CHUNK);
                    return;
                }
            }
        }
        to.flush();
        if (phase == Phase.RELAYING
                && upload.lacking() >= Pour.LEAST_BYTES
                && client.socket() != null
                && client.canPause()
                && to.pourFrom(client, upload.lacking(), new UploadPour())) {
            client.pausedForPour(true);
            client.wantBytes(false);
        } else {
            client.wantBytes(to.isWritable());
        }
    }

    /// The body is complete, which the client's protocol says beside the bytes. Called when bytes are wanted.
    ///
    /// @param trailers whole lines
    void bodyEnded(byte[] trailers) {
        if (!upload.isComplete() && phase == Phase.RELAYING) {
            upload.end(trailers);
            clientBytes(client.buffered());
        }
    }

    /// From here on the dyno owes the first byte of its answer.
    private void requestSent(long nowNanos) {
        if (dyno != null) {
            dyno.flush();
        }
        client.wantBytes(false);
        if (answer.isBegun()) {
            activity();
        } else {
            onDeadline = RouterFailure.Dyno.SLOW;
            deadline.set(app().route().firstByteMs().orElse(timeouts.firstByte()), nowNanos);
        }
    }

    /// The client ended its sending side, which it may do after its request, and in a tunnel.
    void clientEnded() {
        if (phase == Phase.DONE) {
            return;
        }
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
            finish(null, System.nanoTime());
        } else {
            fail(RouterFailure.Client.GONE);
        }
    }

    void clientWritable(boolean writable) {
        if (dyno != null && !pouring && (phase == Phase.RELAYING || phase == Phase.TUNNEL)) {
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
            client.data(in, in.readableBytes());
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
                if (dyno != null && (mayPour() || !client.isWritable())) {
                    // At once, not after what else the dyno's socket holds.
                    dyno.wantBytes(false);
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
        DynoStream from = dyno;
        if (from == null || pouring || phase == Phase.SEARCHING) {
            return;
        }
        if (mayPour()) {
            pouring = from.pourTo(client, answer.body().lacking(), new AnswerPour());
            copying = !pouring;
            if (copying) {
                from.wantBytes(client.isWritable());
            }
        } else if (!client.isWritable()) {
            from.wantBytes(false);
        }
    }

    /// Whether what the answer's body still lacks is worth a pour, and may go past here.
    private boolean mayPour() {
        return !copying
                && phase == Phase.RELAYING
                && answer.isBegun()
                && answer.body().lacking() >= Pour.LEAST_BYTES
                && loop.pours() != null
                && client.socket() != null;
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
                        ? Affinity.cookieLine(search().backend(), search().affinity(), peer.isTls())
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
            client.data(rest, rest.readableBytes());
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
                    finish(null, System.nanoTime());
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
            case SEARCHING, DONE -> {}
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
        phase = Phase.SEARCHING;
        search().reconnect();
    }

    // ---- limits

    /// Bytes went either way.
    private void activity() {
        if (phase == Phase.TUNNEL || answer.isBegun()) {
            onDeadline = clientTakesAll() ? RouterFailure.Dyno.IDLE : RouterFailure.Client.IDLE;
        } else {
            boolean dynoTakesAll = dyno == null || dyno.isWritable();
            onDeadline =
                    !upload.isComplete() && dynoTakesAll
                            ? RouterFailure.Client.IDLE
                            : RouterFailure.Dyno.IDLE;
        }
        deadline.set(timeouts.idle());
    }

    private boolean clientTakesAll() {
        return pouring ? dyno != null && !dyno.isPourStalled() : client.isWritable();
    }

    /// A class, for java makes the object of a method reference in a call of its own each time.
    private final class Limit implements Runnable {
        @Override
        public void run() {
            if (phase == Phase.SEARCHING) {
                search().expired();
            } else {
                fail(onDeadline);
            }
        }
    }

    /// The router goes down and waits no longer.
    void forceClose() {
        fail(RouterFailure.Platform.FORCED_CLOSE);
    }

    // ---- ends

    private void finishTunnel() {
        if (clientEnded && dynoEnded) {
            finish(null, System.nanoTime());
        }
    }

    /// @param used whether the dyno's connection cannot serve another request
    private void finishAnswer(boolean used) {
        boolean kept =
                !used
                        && upload.isComplete()
                        && answer.head().isKeepAlive()
                        && app().route().dynoKeepalive();
        long now = System.nanoTime();
        DynoStream finished = dyno();
        dyno = null;
        if (kept) {
            finished.keep(now);
        } else {
            finished.close();
        }
        finish(null, now);
    }

    void fail(RouterFailure failure) {
        if (phase == Phase.DONE) {
            return;
        }
        finish(failure, System.nanoTime());
    }

    private void finish(@Nullable RouterFailure failure, long nowNanos) {
        boolean wasTunnel = phase == Phase.TUNNEL;
        phase = Phase.DONE;
        log(failure, nowNanos);
        deadline.clear();
        upload.letGo();
        leaveDyno();
        if (failure == null && !wasTunnel) {
            client.finished(upload.isComplete(), nowNanos);
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
            client.finished(!last, nowNanos);
        }
        // The last use: another exchange has them from here on.
        loop.giveBack(parts);
    }

    private void leaveDyno() {
        if (dyno != null) {
            dyno.close();
            dyno = null;
        }
        if (search != null) {
            search.leave(answered);
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

    private void log(@Nullable RouterFailure failure, long now) {
        boolean reached = search != null && search.isReached();
        loop.log(
                app,
                head,
                forwarding,
                new RequestLine.Facts(
                        failure,
                        search == null ? null : search.dyno(),
                        search == null ? -1 : search.connectNanos(),
                        reached ? now - sentNanos : -1,
                        failure == null ? status : failure.status(),
                        reached ? client.sentBytes() : -1,
                        peer.protocol(),
                        peer.tlsVersion()),
                now - startNanos);
    }

    /// The answer's body goes from the dyno's socket to the client's.
    private final class AnswerPour implements Pour.Receiver {
        @Override
        public void poured(long bytes) {
            answer.body().skip(bytes);
            client.poured(bytes);
            activity();
        }

        @Override
        public void pourEnded(Pour.End end) {
            pouring = false;
            switch (end) {
                case COMPLETE -> {
                    client.end(answer.body());
                    finishAnswer(false);
                }
                case SOURCE_ENDED -> fail(RouterFailure.Dyno.INTERRUPTED);
                case TARGET_BROKEN -> clientGone();
            }
        }
    }

    /// The request's body goes from the client's socket to the dyno's.
    private final class UploadPour implements Pour.Receiver {
        @Override
        public void poured(long bytes) {
            upload.poured(bytes);
            activity();
        }

        @Override
        public void pourEnded(Pour.End end) {
            switch (end) {
                case COMPLETE -> {
                    client.pausedForPour(false);
                    requestSent(System.nanoTime());
                }
                case SOURCE_ENDED -> clientGone();
                // What it answered before it closed is still to be read, and then its end.
                case TARGET_BROKEN -> {}
            }
        }
    }

    private RoutedApp app() {
        return required(app);
    }

    private DynoSearch search() {
        return required(search);
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
