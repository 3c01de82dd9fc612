package dev.paddock.engine.local;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The system calls a dyno may not make. Everything else is allowed: a deny list compiles five times faster than an
/// allow list, and what it leaves open is closed by the other walls (user, capabilities, namespaces).
final class Seccomp {
    private static final int NONE = 0;
    private static final int EPERM = 1;
    private static final int ENOSYS = 38;
    private static final long INT = 0xffff_ffffL;

    private static final List<String> DENIED =
            List.of(
                    // Mounts and roots.
                    "mount",
                    "umount",
                    "umount2",
                    "pivot_root",
                    "chroot",
                    "move_mount",
                    "open_tree",
                    "fsopen",
                    "fsconfig",
                    "fsmount",
                    "fspick",
                    "mount_setattr",
                    "open_tree_attr",
                    // Namespaces.
                    "unshare",
                    "setns",
                    // Other processes.
                    "ptrace",
                    "process_vm_readv",
                    "process_vm_writev",
                    "kcmp",
                    "pidfd_getfd",
                    "process_madvise",
                    // Large attack surfaces of the kernel.
                    "bpf",
                    "perf_event_open",
                    "io_uring_setup",
                    "io_uring_enter",
                    "io_uring_register",
                    "userfaultfd",
                    "keyctl",
                    "add_key",
                    "request_key",
                    "fanotify_init",
                    "lookup_dcookie",
                    "vmsplice",
                    // The machine itself.
                    "init_module",
                    "finit_module",
                    "delete_module",
                    "create_module",
                    "query_module",
                    "get_kernel_syms",
                    "kexec_load",
                    "kexec_file_load",
                    "reboot",
                    "swapon",
                    "swapoff",
                    "acct",
                    "quotactl",
                    "quotactl_fd",
                    "syslog",
                    "iopl",
                    "ioperm",
                    "nfsservctl",
                    "vhangup",
                    "_sysctl",
                    "sysfs",
                    "uselib",
                    "ustat",
                    "sethostname",
                    "setdomainname",
                    "settimeofday",
                    "stime",
                    "clock_settime",
                    "clock_settime64",
                    "clock_adjtime",
                    "clock_adjtime64",
                    "adjtimex",
                    // Files past the mount namespace, and devices.
                    "open_by_handle_at",
                    "name_to_handle_at");

    /// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
    private static final List<Long> NAMESPACE_FLAGS =
            List.of(
                    0x0002_0000L,
                    0x0200_0000L,
                    0x0400_0000L,
                    0x0800_0000L,
                    0x1000_0000L,
                    0x2000_0000L,
                    0x4000_0000L);

    /// Bits by which every family but UNIX (1), INET (2), INET6 (10) and NETLINK (16) is told: mask and value.
    private static final Map<Long, Long> SOCKET_FAMILIES =
            Map.of(
                    0x03L, 0x03L, 0x04L, 0x04L, 0x0eL, 0x08L, 0x11L, 0x11L, 0x12L, 0x12L, 0x18L,
                    0x18L, 0x20L, 0x20L);

    private static final List<String> SOCKETS = List.of("socket", "socketpair");
    private static final long NETLINK = 16;

    /// DCCP, L2TP, SCTP, SMC: the kernel would load a module for whoever asks.
    private static final List<Long> PROTOCOLS = List.of(33L, 115L, 132L, 256L);

    /// TIOCSTI puts bytes into a terminal as if they were typed, TIOCLINUX does with the console; TIOCSETD loads
    /// drivers.
    private static final List<Long> TERMINAL_REQUESTS = List.of(0x5412L, 0x541cL, 0x5423L);

    private static final long CORE_LIMIT = 4;

    /// S_IFCHR and S_IFBLK; a dyno may make named pipes.
    private static final long FILE_TYPE = 0xf000L;

    private static final List<Long> DEVICES = List.of(0x2000L, 0x6000L);

    private Seccomp() {}

    /// The profile as the OCI runtime specification has it. Calls of other architectures (32 bit) are not listed,
    /// hence end the process.
    static Map<String, Object> profile() {
        List<Map<String, Object>> calls = new ArrayList<>();
        calls.add(denied(DENIED, EPERM, List.of()));
        // Its flags lie in memory, where no filter sees them; programs then use clone.
        calls.add(denied(List.of("clone3"), ENOSYS, List.of()));
        for (long flag : NAMESPACE_FLAGS) {
            calls.add(denied(List.of("clone"), EPERM, List.of(masked(0, flag, flag))));
        }
        SOCKET_FAMILIES.forEach((bits, value) -> {
            calls.add(denied(SOCKETS, EPERM, List.of(masked(0, bits, value))));
        });
        // Of netlink only NETLINK_ROUTE (0), by which programs learn their addresses.
        calls.add(denied(SOCKETS, EPERM, List.of(masked(0, INT, NETLINK), different(2, 0))));
        for (long protocol : PROTOCOLS) {
            calls.add(denied(SOCKETS, EPERM, List.of(masked(2, INT, protocol))));
        }
        for (long device : DEVICES) {
            calls.add(denied(List.of("mknod"), EPERM, List.of(masked(1, FILE_TYPE, device))));
            calls.add(denied(List.of("mknodat"), EPERM, List.of(masked(2, FILE_TYPE, device))));
        }
        for (long request : TERMINAL_REQUESTS) {
            calls.add(denied(List.of("ioctl"), EPERM, List.of(masked(1, INT, request))));
        }
        // The limit of core dumps stays as it is (see OciBundle); programs that want none go on,
        // for there is none.
        calls.add(denied(List.of("setrlimit"), NONE, List.of(masked(0, INT, CORE_LIMIT))));
        calls.add(
                denied(
                        List.of("prlimit64"),
                        NONE,
                        List.of(masked(1, INT, CORE_LIMIT), different(2, 0))));
        return Map.of(
                "defaultAction",
                "SCMP_ACT_ALLOW",
                "architectures",
                List.of(architecture()),
                "syscalls",
                calls);
    }

    private static String architecture() {
        return switch (System.getProperty("os.arch")) {
            case "aarch64" -> "SCMP_ARCH_AARCH64";
            case String other -> "SCMP_ARCH_X86_64";
        };
    }

    private static Map<String, Object> denied(
            List<String> names, int error, List<Map<String, Object>> arguments) {
        return Map.of(
                "names", names, "action", "SCMP_ACT_ERRNO", "errnoRet", error, "args", arguments);
    }

    /// The kernel looks at the lower half of an int argument only, so the filter must as well.
    private static Map<String, Object> masked(int index, long mask, long value) {
        return Map.of("index", index, "value", mask, "valueTwo", value, "op", "SCMP_CMP_MASKED_EQ");
    }

    private static Map<String, Object> different(int index, long value) {
        return Map.of("index", index, "value", value, "op", "SCMP_CMP_NE");
    }
}
