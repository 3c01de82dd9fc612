package dev.paddock.dyno;

import java.io.InputStream;
import java.io.OutputStream;

/// The far end of an attached dyno's streams. The output ends when the dyno does; closing the input is end of file
/// for a dyno with pipes.
public interface Attachment extends AutoCloseable {
    InputStream output();

    OutputStream input();

    @Override
    void close();
}
