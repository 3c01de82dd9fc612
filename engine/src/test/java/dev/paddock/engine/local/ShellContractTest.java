package dev.paddock.engine.local;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/// The contract with a shell beside each dyno, as on a machine without conmon.
class ShellContractTest extends LocalContract {
    private static Platform platform;

    @BeforeAll
    static void open() throws IOException {
        platform = new Platform();
        platform.reopen(platform.hiding("conmon"), Conmon.PATIENCE);
    }

    @AfterAll
    static void close() {
        if (platform != null) {
            platform.close();
        }
    }

    @Override
    protected Platform platform() {
        return platform;
    }
}
