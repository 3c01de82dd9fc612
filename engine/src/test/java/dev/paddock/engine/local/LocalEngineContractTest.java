package dev.paddock.engine.local;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class LocalEngineContractTest extends LocalContract {
    private static Platform platform;

    @BeforeAll
    static void open() throws IOException {
        platform = new Platform();
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
