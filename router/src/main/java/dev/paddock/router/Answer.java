package dev.paddock.router;

import dev.paddock.router.http.BodyReader;
import dev.paddock.router.http.ResponseHead;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// The dyno's answer on its way to the client. Owned by its event loop.
final class Answer {
    /// What the bytes came to.
    enum Progress {
        /// More bytes are needed.
        MORE,
        /// The head is there; [#relayBody] goes on when the client was told.
        HEAD,
        /// The dyno agreed to an upgrade; the bytes behind it belong to the tunnel.
        TUNNEL,
        COMPLETE,
        /// [#failure] says why.
        FAILED
    }

    private final ResponseHead head = new ResponseHead();
    private final BodyReader body = new BodyReader();
    private boolean begun;
    private boolean continued;
    private @Nullable RouterFailure failure;

    /// Forgets it; another one may come.
    void reset() {
        head.reset();
        body.reset();
        begun = false;
        continued = false;
        failure = null;
    }

    ResponseHead head() {
        return head;
    }

    BodyReader body() {
        return body;
    }

    /// Whether the client was given the head of the final answer.
    boolean isBegun() {
        return begun;
    }

    /// Whether any byte of a final answer arrived.
    boolean hasBytes() {
        return begun || head.isBegun();
    }

    void begun() {
        begun = true;
    }

    /// The client has its 100 already, so another one is not passed on.
    void continued() {
        continued = true;
    }

    RouterFailure failure() {
        return failure == null ? RouterFailure.Platform.FAULT : failure;
    }

    /// Reads up to the end of the final head; interim answers are passed on.
    Progress readHead(ByteBuf in, boolean toHead, boolean upgrade, ClientStream client) {
        while (true) {
            switch (head.feed(in, toHead)) {
                case MORE -> {
                    return Progress.MORE;
                }
                case MALFORMED -> {
                    return failed(RouterFailure.Dyno.MALFORMED);
                }
                case BAD_LENGTH -> {
                    return failed(RouterFailure.Dyno.BAD_LENGTH);
                }
                case COOKIE_TOO_LONG -> {
                    return failed(RouterFailure.Dyno.COOKIE_TOO_LONG);
                }
                case HEADER_TOO_LONG -> {
                    return failed(RouterFailure.Dyno.HEADER_TOO_LONG);
                }
                case STATUS_LINE_TOO_LONG -> {
                    return failed(RouterFailure.Dyno.STATUS_LINE_TOO_LONG);
                }
                case DONE -> {
                    if (head.status() == 101) {
                        return upgrade ? Progress.TUNNEL : failed(RouterFailure.Dyno.MALFORMED);
                    }
                    if (!head.isInterim()) {
                        body.begin(head.framing(), head.contentLength());
                        return Progress.HEAD;
                    }
                    if (head.status() != 100 || !continued) {
                        client.interim(head);
                    }
                    continued |= head.status() == 100;
                    head.reset();
                }
            }
        }
    }

    /// Passes on what is there of the body.
    Progress relayBody(ByteBuf in, ClientStream client) {
        while (!body.isDone()) {
            switch (body.next(in)) {
                case MORE -> {
                    return Progress.MORE;
                }
                case BAD -> {
                    return failed(RouterFailure.Dyno.INTERRUPTED);
                }
                case DATA -> client.data(in, body.dataLength());
                case END -> {}
            }
        }
        return Progress.COMPLETE;
    }

    private Progress failed(RouterFailure why) {
        failure = why;
        return Progress.FAILED;
    }
}
