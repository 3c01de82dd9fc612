package dev.paddock.router.http;

import io.netty.buffer.ByteBuf;

/// The head of a dyno's answer: read, judged by router.md section 7, and ready to be written for a client. Reusable.
public final class ResponseHead {
    private static final HeadBuffer.Limits LIMITS =
            new HeadBuffer.Limits(8192, 512 << 10, 8192, 512 << 10, 10_000, 1 << 20, 0, true);
    private static final byte[] CHUNKED = Ascii.bytes("chunked");
    private static final int LOWEST_STATUS = 100;

    /// What became of the bytes.
    public enum Result {
        MORE,
        DONE,
        /// H17.
        MALFORMED,
        /// H25, four kinds.
        BAD_LENGTH,
        COOKIE_TOO_LONG,
        HEADER_TOO_LONG,
        STATUS_LINE_TOO_LONG
    }

    final HeadBuffer lines = new HeadBuffer(LIMITS);
    private final ConnectionOptions connection = new ConnectionOptions();
    private int status;
    private int statusStart;
    private int minor;
    private Framing framing = Framing.NONE;
    private long contentLength = -1;
    private boolean announcesChunks;

    public void reset() {
        lines.reset();
        status = 0;
        framing = Framing.NONE;
        contentLength = -1;
    }

    /// Takes the bytes of the head and not one more.
    ///
    /// @param toHead whether the request was a HEAD, whose answer has no body
    public Result feed(ByteBuf in, boolean toHead) {
        return switch (lines.feed(in)) {
            case MORE -> Result.MORE;
            case DONE -> judge(toHead);
            case BAD_FIRST_LINE, BAD_LINE -> Result.MALFORMED;
            case FIRST_LINE_TOO_LONG -> Result.STATUS_LINE_TOO_LONG;
            case LINE_TOO_LONG -> Result.HEADER_TOO_LONG;
            case COOKIE_TOO_LONG -> Result.COOKIE_TOO_LONG;
        };
    }

    /// Whether a byte of it has arrived.
    public boolean isBegun() {
        return lines.isBegun();
    }

    private Result judge(boolean toHead) {
        if (!judgeStatusLine() || !connection.read(lines)) {
            return Result.MALFORMED;
        }
        boolean chunked = false;
        for (int i = 0; i < lines.count(); i++) {
            int start = lines.valueStart(i);
            int end = lines.valueEnd(i);
            switch (lines.name(i)) {
                case CONTENT_LENGTH -> {
                    long length = Ascii.decimal(lines.bytes, start, end);
                    if (length < 0 || (contentLength >= 0 && contentLength != length)) {
                        return Result.BAD_LENGTH;
                    }
                    if (contentLength >= 0) {
                        lines.drop(i);
                    }
                    contentLength = length;
                }
                case TRANSFER_ENCODING -> {
                    if (chunked || !Ascii.equalsIgnoreCase(lines.bytes, start, end, CHUNKED)) {
                        return Result.MALFORMED;
                    }
                    chunked = true;
                    lines.drop(i);
                }
                case KEEP_ALIVE, TE, PROXY_AUTHORIZATION, PROXY_CONNECTION -> lines.drop(i);
                case HOST,
                        CONNECTION,
                        EXPECT,
                        UPGRADE,
                        HTTP2_SETTINGS,
                        X_FORWARDED_FOR,
                        X_FORWARDED_PROTO,
                        X_FORWARDED_PORT,
                        X_FORWARDED_HOST,
                        X_REQUEST_ID,
                        X_REQUEST_START,
                        CONNECT_TIME,
                        TOTAL_ROUTE_TIME,
                        VIA,
                        COOKIE,
                        SET_COOKIE,
                        USER_AGENT,
                        OTHER -> {}
            }
        }
        if (chunked || status < 200 || status == 204) {
            lines.dropAll(HeaderName.CONTENT_LENGTH);
        }
        boolean bodiless = toHead || status < 200 || status == 204 || status == 304;
        if (bodiless) {
            framing = Framing.NONE;
        } else if (chunked) {
            framing = Framing.CHUNKED;
        } else {
            framing = contentLength >= 0 ? Framing.LENGTH : Framing.UNTIL_CLOSE;
        }
        announcesChunks = chunked;
        return Result.DONE;
    }

    private boolean judgeStatusLine() {
        byte[] b = lines.bytes;
        int at = lines.firstStart;
        int end = lines.firstEnd;
        boolean written =
                end - at >= 12
                        && b[at] == 'H'
                        && b[at + 1] == 'T'
                        && b[at + 2] == 'T'
                        && b[at + 3] == 'P'
                        && b[at + 4] == '/'
                        && b[at + 5] == '1'
                        && b[at + 6] == '.'
                        && Ascii.isDigit(b[at + 7])
                        && b[at + 8] == ' '
                        && (end - at == 12 || b[at + 12] == ' ');
        if (!written) {
            return false;
        }
        minor = b[at + 7] - '0';
        statusStart = at + 9;
        status = (int) Ascii.decimal(b, at + 9, at + 12);
        for (int i = at + 12; i < end; i++) {
            if (!Ascii.isFieldValue(b[i])) {
                return false;
            }
        }
        return status >= LOWEST_STATUS;
    }

    public int status() {
        return status;
    }

    /// Whether this is a 1xx answer that another one follows.
    public boolean isInterim() {
        return status < 200 && status != 101;
    }

    public Framing framing() {
        return framing;
    }

    public long contentLength() {
        return contentLength;
    }

    /// Whether the head says chunked, even when there is no body, as in an answer to HEAD.
    boolean announcesChunks() {
        return announcesChunks;
    }

    /// Whether the dyno lets its connection go on.
    public boolean isKeepAlive() {
        return !connection.close && (minor >= 1 || connection.keepAlive);
    }

    /// Writes status and reason from the status line.
    void writeStatus(Bytes out) {
        out.add(lines.bytes, statusStart, lines.firstEnd);
        if (lines.firstEnd - statusStart == 3) {
            out.add(' ');
        }
    }
}
