package dev.paddock.engine.local;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/// The contract with runc, as on a machine without crun.
class RuncContractTest extends LocalContract {
    private static Platform platform;

    @BeforeAll
    static void open() throws IOException {
        platform = new Platform();
        assumeTrue(Command.find("runc").isPresent(), "skipped: runc is not installed");
        platform.reopen(platform.hiding("crun"), Conmon.PATIENCE);
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
