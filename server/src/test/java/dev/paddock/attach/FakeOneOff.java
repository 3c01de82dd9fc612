package dev.paddock.attach;

import dev.paddock.core.AppId;
import dev.paddock.dyno.Attachment;
import dev.paddock.dyno.DynoId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// One dyno with its streams in memory; it ends when it is hung up. Safe for any thread.
final class FakeOneOff implements Rendezvous.Dynos, Attachment {
    private static final int BUFFER_BYTES = 2_000_000;

    final List<DynoId> attached = new CopyOnWriteArrayList<>();
    final List<DynoId> hungUp = new CopyOnWriteArrayList<>();
    volatile boolean inputClosed;
    volatile boolean closed;
    volatile boolean refuses;

    private final PipedOutputStream output = new PipedOutputStream();
    private final PipedInputStream outputEnd = new PipedInputStream(BUFFER_BYTES);
    private final ByteArrayOutputStream typed = new ByteArrayOutputStream();

    FakeOneOff() {
        try {
            outputEnd.connect(output);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    void print(String text) throws IOException {
        print(text.getBytes(StandardCharsets.UTF_8));
    }

    void print(byte[] bytes) throws IOException {
        output.write(bytes);
        output.flush();
    }

    void end() {
        try {
            output.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    byte[] typed() {
        return typed.toByteArray();
    }

    @Override
    public Attachment attach(DynoId dyno) {
        if (refuses) {
            throw new IllegalStateException("the dyno is gone");
        }
        attached.add(dyno);
        return this;
    }

    @Override
    public void hangUp(AppId app, DynoId dyno) {
        hungUp.add(dyno);
        end();
    }

    @Override
    public InputStream output() {
        return outputEnd;
    }

    @Override
    public OutputStream input() {
        return new OutputStream() {
            @Override
            public void write(int b) {
                typed.write(b);
            }

            @Override
            public void close() {
                inputClosed = true;
            }
        };
    }

    @Override
    public void close() {
        closed = true;
    }
}
