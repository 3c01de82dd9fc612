package dev.paddock.router;

import static dev.paddock.router.FrameClient.PING;
import static dev.paddock.router.FrameClient.RST_STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The router's process and what its surroundings give it: descriptors as systemd passes them, and a log.
@Timeout(120)
class RouterMainTest {
    /// Listens thrice, puts the descriptors at 3, 4 and 5 as systemd does, and becomes the command.
    ///
    /// Its arguments: a file for the ports, `LISTEN_PID` (`own` for the process's), `LISTEN_FDS`, the command.
    private static final String LAUNCHER =
            """
            import os, socket, sys
            ports, pid, count, command = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
            listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
            spare = [os.dup(listener.fileno()) for listener in listeners]
            # Above those that are to be replaced.
            high = [os.dup2(fd, 40 + i) for i, fd in enumerate(spare)]
            for i, fd in enumerate(high):
                os.dup2(fd, 3 + i, inheritable=True)
            with open(ports, "w") as out:
                out.write(" ".join(str(l.getsockname()[1]) for l in listeners))
            os.environ["LISTEN_PID"] = str(os.getpid()) if pid == "own" else pid
            os.environ["LISTEN_FDS"] = count
            for i, argument in enumerate(command):
                for n, listener in enumerate(listeners):
                    command[i] = command[i].replace("{%d}" % n, str(listener.getsockname()[1]))
            os.execv(command[0], command)
            """;

    @TempDir Path directory;

    @ParameterizedTest
    @CsvSource({"epoll", "io_uring"})
    void listenersOfSystemdAreServed(String transport) throws Exception {
        assumeTrue(Epoll.isAvailable(), "listeners are taken over with epoll or io_uring");
        assumeTrue(
                Transport.named(transport).toString().equals(transport),
                "this machine has no " + transport);
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                RouterProgram _ =
                        activated("own", "2", dyno, "-Dpaddock.router.transport=" + transport)
                                .awaitListening()) {
            try (RawClient client = new RawClient(port(0))) {
                assertThat(client.get("/").response().body()).isEqualTo("ok");
            }
            try (FrameClient client = new FrameClient(port(1))) {
                assertThat(client.get(1, "/").answer(1)).isEqualTo("200 ok");
            }
        }
    }

    @Test
    void listenersForAnotherProcessAreLeftAlone() throws Exception {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                RouterProgram router = activated("1", "2", dyno)) {
            assertThat(router.awaitEnd()).isEqualTo(1);
            assertThat(router.messages())
                    .startsWith(
                            "router: LISTEN_PID is 1, not this process's number: no listeners are"
                                    + " taken from systemd\n"
                                    + "router: cannot listen on 127.0.0.1:");
        }
    }

    @Test
    void listenerThatNoOptionNamesIsSaid() throws Exception {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                RouterProgram router = activated("own", "3", dyno).awaitListening()) {
            assertThat(router.messages())
                    .startsWith("router: systemd listens on 127.0.0.1:")
                    .contains(", which is neither --http nor --https: not served\n");
        }
    }

    @ParameterizedTest
    @CsvSource({"many", "-1", "0x2", "257", "99999999999", "''"})
    void countThatIsNoneIsSaid(String count) throws Exception {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                RouterProgram router = activated("own", count, dyno)) {
            assertThat(router.awaitEnd()).isEqualTo(1);
            assertThat(router.messages())
                    .isEqualTo(
                            "router: LISTEN_FDS is '"
                                    + count
                                    + "', not a number of descriptors from 0 to 256; unset it, or"
                                    + " let systemd set it\n");
        }
    }

    @Test
    void descriptorThatIsNotThereIsSaid() throws Exception {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                RouterProgram router = activated("own", "200", dyno)) {
            assertThat(router.awaitEnd()).isEqualTo(1);
            assertThat(router.messages())
                    .matches(
                            "router: LISTEN_FDS is 200, but descriptor [0-9]+ is not a listening"
                                    + " TCP socket.*\n");
        }
    }

    @Test
    void framesOfClientsMakeNoLines() throws Exception {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                RouterProgram router = activated("own", "2", dyno).awaitListening();
                FrameClient client = new FrameClient(port(1))) {
            String before = router.messages();
            client.request(1, false, "POST", "/").frame(RST_STREAM, 0, 1, new byte[4]);
            client.data(1, true, "x").headers(1, true, "a", "b");
            client.request(3, false, "POST", "/").headers(3, true, "Bad", "x").data(3, true, "x");
            client.frame(PING, 0, 0, new byte[8]).send();
            client.await(PING, 0);

            assertThat(router.messages()).isEqualTo(before);
        }
    }

    private RouterProgram activated(String pid, String count, FakeDyno dyno, String... javaFlags)
            throws IOException {
        Path routes = RouterProgram.routes(directory, dyno);
        List<String> launcher = List.of("python3", "-c", LAUNCHER, ports().toString(), pid, count);
        return RouterProgram.launchedBy(
                launcher,
                List.of(javaFlags),
                directory,
                "--http=127.0.0.1:{0}",
                "--https=127.0.0.1:{1}",
                "--log=" + directory.resolve("log"),
                "--routes=" + routes);
    }

    private Path ports() {
        return directory.resolve("ports");
    }

    private InetSocketAddress port(int listener) throws IOException {
        String port = Files.readString(ports()).split(" ", -1)[listener];
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(port));
    }
}
