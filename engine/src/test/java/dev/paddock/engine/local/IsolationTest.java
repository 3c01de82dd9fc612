package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Tries to get out of a dyno. Each probe prints nothing but what it should not have got.
class IsolationTest {
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

    @Test
    void dynoHasAUserOfItsOwnWithoutAnyPower() {
        String seen =
                platform.run(
                        platform.bash("id -u; id -G; grep -E '^(Cap|NoNew)' /proc/self/status"));

        List<String> lines = seen.lines().toList();
        assertThat(Long.parseLong(lines.getFirst())).isGreaterThanOrEqualTo(Registry.FIRST_USER);
        assertThat(lines.get(1)).isEqualTo(lines.getFirst());
        assertThat(lines)
                .filteredOn(line -> line.startsWith("Cap"))
                .hasSize(5)
                .allMatch(line -> line.endsWith("\t0000000000000000"));
        assertThat(lines).contains("NoNewPrivs:\t1");
    }

    @Test
    void appsHaveDifferentUsers() {
        assertThat(platform.run(platform.bash("id -u")))
                .isNotEqualTo(platform.run(platform.bash("id -u")));
    }

    @Test
    void setUserIdProgramsGiveNothing() {
        assertThat(
                        platform.run(
                                platform.bash(
                                        "for f in su mount newgrp passwd; do"
                                                + " p=$(command -v $f) && [ -u $p ] && $p --version >/dev/null 2>&1; done;"
                                                + " cp /usr/bin/id ./id; chmod u+s ./id; ./id -u; su -c 'id -u' </dev/null 2>/dev/null")))
                .doesNotMatch("(?s).*^0$.*");
    }

    @Test
    void nothingButItsOwnPlacesIsWritable() {
        String script =
                """
                awk '{ o[$2] = $4 } END { for (m in o) if (o[m] ~ /^rw/) print m }' /proc/mounts | sort | tr '\\n' ' '; echo
                for place in / /usr /etc /etc/ssl/certs /run /var /home /mnt /sys /proc/sys/kernel /dev/shm /tmp /app; do
                    touch $place/x 2>/dev/null && echo wrote $place
                done
                for file in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/net/ipv4/ip_forward; do
                    (exec 3>$file) 2>/dev/null && echo wrote $file
                done
                """;

        assertThat(platform.run(platform.bash(script)).lines())
                .containsExactly(
                        "/app /dev /dev/pts /dev/shm /proc /tmp ",
                        "wrote /dev/shm",
                        "wrote /tmp",
                        "wrote /app");
    }

    @Test
    void kernelIsOutOfReach() {
        String probe =
                """
                import ctypes, os, socket, sys
                libc = ctypes.CDLL(None, use_errno=True)
                def call(name, number, *args):
                    ctypes.set_errno(0)
                    if libc.syscall(number, *args) != -1:
                        print("succeeded:", name)
                    elif ctypes.get_errno() not in (1, 38):
                        print("reached the kernel:", name, ctypes.get_errno())
                call("mount", 165, b"none", b"/tmp", b"tmpfs", 0, 0)
                call("unshare user", 272, 0x10000000)
                call("unshare mount", 272, 0x20000)
                call("setns", 308, 0, 0)
                call("clone with user namespace", 56, 0x10000011, 0, 0, 0, 0)
                call("clone3", 435, 0, 0)
                call("ptrace", 101, 0, 0, 0, 0)
                call("bpf", 321, 0, 0, 0)
                call("io_uring_setup", 425, 1, 0)
                call("userfaultfd", 323, 0)
                call("keyctl", 250, 0, -3, 0)
                call("add_key", 248, b"user", b"x", b"x", 1, -3)
                call("perf_event_open", 298, 0, 0, -1, -1, 0)
                call("init_module", 175, 0, 0, 0)
                call("kexec_load", 246, 0, 0, 0, 0)
                call("reboot", 169, 0, 0, 0, 0)
                call("clock_settime", 227, 0, 0)
                call("settimeofday", 164, 0, 0)
                call("chroot", 161, b"/tmp")
                call("pivot_root", 155, b"/tmp", b"/tmp")
                call("open_by_handle_at", 304, -100, 0, 0)
                call("mknod device", 133, b"/tmp/dev", 0o20666, 0x101)
                call("syslog", 103, 3, 0, 0)
                call("swapon", 167, b"/tmp/x", 0)
                call("sethostname", 170, b"x", 1)
                call("process_vm_readv", 310, 1, 0, 0, 0, 0, 0)
                call("TIOCSTI", 16, 0, 0x5412, b"x")
                call("TIOCSTI with a high half", 16, 0, 0x1_0000_5412, b"x")
                for name, family, kind in (("packet", 17, 3), ("raw", 2, 3), ("alg", 38, 5), ("vsock", 40, 1)):
                    try:
                        socket.socket(family, kind)
                        print("succeeded: socket", name)
                    except OSError:
                        pass
                call("packet socket with a high half", 41, 0x1_0000_0011, 3, 0)
                for path in ("/proc/kcore", "/proc/kallsyms", "/proc/keys", "/proc/sys/kernel/core_pattern",
                             "/proc/sysrq-trigger", "/dev/mem", "/dev/kmsg", "/dev/vda", "/sys/fs/cgroup/cgroup.procs"):
                    for mode in ("rb", "r+b"):
                        try:
                            with open(path, mode) as f:
                                if (mode == "r+b" and os.stat(path).st_rdev != os.makedev(1, 3)) or f.read(1):
                                    print("opened:", path, mode)
                        except OSError:
                            pass
                """;

        DynoSpec spec =
                platform.configured(platform.bash("python3 -c \"$PROBE\""), Map.of("PROBE", probe));

        assertThat(
                        platform.run(spec)
                                .replace("opened: /proc/sys/kernel/core_pattern rb", "")
                                .strip())
                .isEmpty();
    }

    @Test
    void memberOfNoOtherCgroupAndNoneWritable() {
        assertThat(
                        platform.run(
                                platform.bash(
                                        "find /sys/fs/cgroup -type f -writable 2>/dev/null -exec sh -c 'echo 1 >$0' {} \\; -print 2>/dev/null;"
                                                + " mkdir /sys/fs/cgroup/memory/x /sys/fs/cgroup/x 2>/dev/null && echo made;"
                                                + " grep -v ':/$' /proc/self/cgroup | grep -v name=")))
                .isEmpty();
    }

    @Test
    void processesOfOthersAreInvisible() {
        platform.startUp(platform.bash("exec -a other-dyno sleep 1000"));

        String seen =
                platform.run(
                        platform.bash(
                                "cat /proc/[0-9]*/cmdline | tr '\\0' ' '; echo; ls -d /proc/[0-9]* | wc -l"));

        assertThat(seen).doesNotContain("other-dyno", "java", "conmon");
        assertThat(Integer.parseInt(seen.lines().toList().getLast())).isLessThan(8);
    }

    @Test
    void nothingOfThePlatformIsInherited() {
        String seen =
                platform.run(
                        platform.bash(
                                "env; ls /proc/self/fd | tr '\\n' ' '; echo; for f in /proc/self/fd/*; do readlink $f; done;"
                                        + " cat /proc/mounts"));

        assertThat(seen)
                .contains("GREETING=hello")
                .doesNotContain(
                        "JAVA", "MAVEN", "SURE", platform.data.toString().substring(1) + "/slugs");
        assertThat(seen).doesNotContain("socket:");
        assertThat(seen).contains("0 1 2 3 ");
    }

    @Test
    void filesOfTheHostAreInvisible() throws IOException {
        Path secret = Files.writeString(platform.data.resolve("secret"), "secret");

        assertThat(
                        platform.run(
                                platform.bash(
                                        "ls /root /home /work /boot /opt /run /var/lib /run/paddock "
                                                + secret
                                                + " /etc/shadow /etc/passwd- /etc/ssh 2>/dev/null | grep -v ':$' | grep .; cat /etc/shadow /proc/1/environ 2>/dev/null"
                                                + " | grep -a -i java")))
                .isEmpty();
    }

    @Test
    void ownLoopbackWorksAndTheHostsIsUnreachable() throws IOException {
        try (ServerSocket loopback = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                ServerSocket everywhere = new ServerSocket(0)) {
            String script =
                    """
                    import socket, sys, threading
                    own = socket.create_server(("127.0.0.1", 0))
                    def reaches(host, port, family=socket.AF_INET):
                        s = socket.socket(family, socket.SOCK_STREAM); s.settimeout(0.4)
                        try:
                            s.connect((host, port) if family == socket.AF_INET else (host, port, 0, 2)); return True
                        except OSError:
                            return False
                    gateway = [bytes.fromhex(l.split()[2])[::-1] for l in open("/proc/net/route").readlines()[1:] if l.split()[1] == "00000000"][0]
                    gateway = ".".join(str(b) for b in gateway)
                    print(reaches("127.0.0.1", own.getsockname()[1]),
                          reaches("127.0.0.1", %1$d), reaches(gateway, %2$d), reaches("%3$s", %2$d),
                          reaches("169.254.169.254", 80))
                    """
                            .formatted(
                                    loopback.getLocalPort(),
                                    everywhere.getLocalPort(),
                                    hostAddress());

            assertThat(
                            platform.run(
                                    platform.configured(
                                            platform.bash("python3 -c \"$PROBE\""),
                                            Map.of("PROBE", script))))
                    .isEqualTo("True False False False False");
        }
    }

    private static String hostAddress() {
        String route = Command.run("ip", "-4", "route", "get", "198.51.100.1").output();
        int source = route.indexOf(" src ");
        return source < 0 ? "192.0.2.1" : route.substring(source + 5).split("\\s", 2)[0];
    }

    @Test
    void dynosReachEachOtherInNoWay() throws IOException {
        DynoSpec web = platform.startUp(platform.web("exec python3 -m http.server $PORT"));
        DynoAddress address = platform.seen(web).address().orElseThrow();

        String seen =
                platform.run(
                        platform.bash(
                                "exec 2>/dev/null; (timeout 1 bash -c 'exec 3<>/dev/tcp/"
                                        + address.ip()
                                        + "/"
                                        + address.port()
                                        + "' && echo reached); echo done"));

        assertThat(seen).isEqualTo("done");
    }

    @Test
    void secretsOnDiskAreForRootAlone() throws IOException {
        DynoSpec spec = platform.startUp(platform.bash("sleep 1000"));
        DynoFiles files =
                DynoFiles.of(
                        LocalSettings.of(
                                platform.runtime, platform.data, platform.hash, platform.timers),
                        spec.id());

        for (Path file : List.of(files.spec(), files.config())) {
            assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
        }
        assertThat(Command.run("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").output())
                .doesNotContain("GREETING=hello");
    }
}
