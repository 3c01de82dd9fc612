"""Tries to get out of the dyno it runs in.

One line for each attempt, `held NAME` or `ESCAPED NAME: how`, and at the end how many there were. The environment says
what surrounds the dyno: KIND, WRITABLE (places it may write to, separated by colons), HIDDEN (files of the machine),
REACH (lines `yes|no tcp|udp ADDRESS PORT NAME`) and SCORE (`kept` where the platform can fix who dies first).
"""
import ctypes, errno, fcntl, mmap, os, platform, re, resource, signal, socket, stat, struct, subprocess, sys, threading, time

LIBC = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() == "aarch64"
BUILD = os.environ["KIND"] == "build"
DENIED = (errno.EPERM, errno.ENOSYS)
NOT_THERE = (errno.EPERM, errno.ENOSYS, errno.ENOENT)

# By number, for the library lacks some and wraps others: x86_64, aarch64.
CALLS = {
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "open_tree_attr": (467, 467),
    "unshare": (272, 97), "setns": (308, 268), "clone": (56, 220), "clone3": (435, 435),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "vmsplice": (278, 75),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "fanotify_init": (300, 262),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "syslog": (103, 116), "sethostname": (170, 161), "setdomainname": (171, 162), "vhangup": (153, 58),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "mknodat": (259, 33),
    "ioctl": (16, 29), "socket": (41, 198), "capset": (126, 91), "personality": (135, 92), 
    "iopl": (172, None), "ioperm": (173, None), "mknod": (133, None), "sysfs": (139, None), "ustat": (136, None),
    "uselib": (134, None), "lookup_dcookie": (212, 18), "listmount": (458, 458),
}


def call(name, *arguments):
    """Makes a system call and returns its error number, 0 for none."""
    ctypes.set_errno(0)
    whole = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = LIBC.syscall(ctypes.c_long(CALLS[name][ARM]), *whole)
    return ctypes.get_errno() if result == -1 else 0


count = 0


def report(name, escape):
    global count
    count += 1
    print(f"ESCAPED {name}: {escape:.300}" if escape else f"held {name}", flush=True)


def refused(name, call_name, *arguments, errors=DENIED):
    if CALLS[call_name][ARM] is not None:
        error = call(call_name, *arguments)
        report(name, "" if error in errors else errno.errorcode.get(error, "it worked"))


def fails(name, attempt, *arguments):
    """Reports an attempt that does not raise OSError."""
    try:
        result = attempt(*arguments)
        report(name, f"it worked and gave {result!r}")
    except (OSError, ValueError):
        report(name, "")


def same(name, expected, actual):
    report(name, "" if expected == actual else f"{actual!r} instead of {expected!r}")


def in_child(attempt):
    """Runs an attempt in a child and returns its wait status; 0 is for the attempt that got through."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if attempt() else 1)
        finally:
            os._exit(2)
    return os.waitpid(child, 0)[1]


def status(pid="self"):
    with open(f"/proc/{pid}/status") as lines:
        return dict(line.rstrip("\n").split(":\t", 1) for line in lines if ":\t" in line)


# Arguments are such that the kernel would find fault with them: EPERM and ENOSYS come from the walls.
def system_calls():
    bad = -1
    for name, *arguments in (
        ("mount", b"none", b"/tmp", b"tmpfs", 0, 0), ("umount2", b"/tmp", 2), ("pivot_root", b"/tmp", b"/tmp"),
        ("chroot", b"/tmp"), ("open_tree", -100, b"/", 1), ("move_mount", bad, b"", bad, b"", 4),
        ("fsopen", b"tmpfs", 0), ("fsconfig", bad, 0, 0, 0, 0), ("fsmount", bad, 0, 0), ("fspick", -100, b"/", 0),
        ("mount_setattr", -100, b"/", 0, 0, 0), ("open_tree_attr", -100, b"/", 1, 0, 0),
        ("ptrace", 16, 1, 0, 0), ("process_vm_readv", 1, 0, 0, 0, 0, 0), ("process_vm_writev", 1, 0, 0, 0, 0, 0),
        ("kcmp", 1, 1, 0, 0, 0), ("pidfd_getfd", bad, 0, 0), ("process_madvise", bad, 0, 0, 0, 0),
        ("bpf", 0, 0, 0), ("perf_event_open", 0, 0, -1, -1, 0), ("userfaultfd", 1), ("vmsplice", bad, 0, 0, 0),
        ("io_uring_setup", 1, 0), ("io_uring_enter", bad, 0, 0, 0, 0, 0), ("io_uring_register", bad, 0, 0, 0),
        ("keyctl", 0, -3, 0), ("add_key", b"user", b"x", b"x", 1, -3), ("request_key", b"user", b"x", 0, 0),
        ("fanotify_init", 0, 0), ("lookup_dcookie", 0, 0, 0), ("init_module", 0, 0, 0), ("finit_module", bad, 0, 0),
        ("delete_module", b"x", 0), ("kexec_load", 0, 0, 0, 0), ("kexec_file_load", bad, bad, 0, 0, 0),
        ("reboot", 0, 0, 0, 0), ("swapon", b"/tmp/x", 0), ("swapoff", b"/tmp/x"), ("acct", 0),
        ("quotactl", 0x80000100, 0, 0, 0), ("quotactl_fd", bad, 0, 0, 0), ("syslog", 3, 0, 0),
        ("sethostname", b"x", 1), ("setdomainname", b"x", 1), ("vhangup",), ("iopl", 3), ("ioperm", 0, 1, 1),
        ("settimeofday", 0, 0), ("clock_settime", 0, 0), ("clock_adjtime", 0, 0), ("adjtimex", 0),
        ("open_by_handle_at", -100, 0, 0), ("name_to_handle_at", -100, b"/", 0, 0, 0), ("sysfs", 3), ("ustat", 0, 0),
        ("uselib", b"/x"),
    ):
        refused(name, name, *arguments)


def entrances():
    """Other ways into the kernel, past a filter that knows only one."""
    if ARM:
        return
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, 20; int 0x80; ret
    getpid = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    report("32-bit system calls", "" if in_child(lambda: getpid() > 0) else "it worked")
    x32 = lambda: LIBC.syscall(ctypes.c_long(0x40000000 | 39)) > 0
    report("x32 system calls", "" if in_child(x32) else "it worked")


def namespaces():
    kinds = {"time": 0x80, "mount": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000,
             "user": 0x10000000, "pid": 0x20000000, "net": 0x40000000}
    for kind, flag in kinds.items():
        refused(f"unshare {kind}", "unshare", flag)
        if kind != "time":
            result = LIBC.syscall(ctypes.c_long(CALLS["clone"][ARM]), ctypes.c_long(flag | signal.SIGCHLD), None, None, None, None)
            if result == 0:
                os._exit(0)
            report(f"clone into {kind}", "" if result == -1 and ctypes.get_errno() == errno.EPERM else "it worked")
    arguments = struct.pack("8Q", 0x10000000, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
    refused("clone3", "clone3", arguments, len(arguments), errors=(errno.ENOSYS,))
    # The mounts of the machine: its first mount namespace has this number.
    request = struct.pack("IIQQQ", 32, 0, 0xFFFFFFFFFFFFFFFF, 0, 1)
    refused("mounts of the machine", "listmount", request, ctypes.create_string_buffer(80), 10, 0, errors=NOT_THERE)
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    refused("setns", "setns", own, 0x40000000)
    os.close(own)


def terminals():
    terminal = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
    for name, request in (("TIOCSTI", 0x5412), ("TIOCLINUX", 0x541C), ("TIOCSETD", 0x5423)):
        refused(name, "ioctl", terminal, request, b"\x03\0\0\0")
        refused(name + " with a high half", "ioctl", terminal, 1 << 32 | request, b"\x03\0\0\0")
    # All terminals of the machine come out of one count.
    terminals = [terminal]
    try:
        while len(terminals) <= 128:
            terminals.append(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
        report("number of terminals", "more than 128")
    except OSError:
        report("number of terminals", "")
    for one in terminals:
        os.close(one)


def sockets():
    for family in range(3, 46):
        if family not in (socket.AF_INET6, socket.AF_NETLINK):
            refused(f"socket family {family}", "socket", family, socket.SOCK_DGRAM, 0)
    refused("packet socket with a high half", "socket", 1 << 32 | 17, socket.SOCK_RAW, 0)
    for name, kind, protocol in (("raw", socket.SOCK_RAW, 255), ("ping", socket.SOCK_DGRAM, 1), ("SCTP", socket.SOCK_STREAM, 132),
                                 ("DCCP", 6, 33), ("L2TP", socket.SOCK_DGRAM, 115), ("SMC", socket.SOCK_STREAM, 256)):
        refused(name + " socket", "socket", socket.AF_INET, kind, protocol, errors=(errno.EPERM, errno.EACCES))
        over6 = 58 if name == "ping" else protocol
        refused(name + " socket over IPv6", "socket", socket.AF_INET6, kind, over6, errors=(errno.EPERM, errno.EACCES))
    for protocol in range(1, 23):
        refused(f"netlink protocol {protocol}", "socket", socket.AF_NETLINK, socket.SOCK_RAW, protocol)
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    address = struct.pack("16sH2s4s8x", b"eth0", socket.AF_INET, b"", socket.inet_aton("198.51.100.1"))
    fails("another address", fcntl.ioctl, link, 0x8916, address)
    fails("link down", fcntl.ioctl, link, 0x8914, struct.pack("16sH14x", b"eth0", 0))
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    netlink.send(struct.pack("IHHIIBBBBBBBBI", 28, 24, 0x605, 1, 0, 2, 0, 0, 0, 254, 4, 0, 6, 0))
    reply = netlink.recv(4096)
    report("another route", "" if struct.unpack_from("i", reply, 16)[0] == -errno.EPERM else reply.hex())


def power():
    seen = status()
    uid = os.getuid()
    report("own user", "" if uid >= 524288 and seen["Uid"].split() == seen["Gid"].split() == [str(uid)] * 4 else seen["Uid"])
    same("other groups", [], [g for g in os.getgroups() if g != uid])
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        same(capabilities, 0, int(seen[capabilities], 16))
    same("no new privileges", "1", seen["NoNewPrivs"])
    same("seccomp", "2", seen["Seccomp"])
    # Python itself ignores SIGPIPE and SIGXFSZ; 32 and 33 are the C library's own.
    same("ignored signals", 0, int(seen["SigIgn"], 16) & ~(1 << 12 | 1 << 24 | 3 << 31))
    same("blocked signals", 0, int(seen["SigBlk"], 16))
    fails("setuid", os.setuid, 0)
    fails("setgid", os.setgid, 0)
    fails("setgroups", os.setgroups, [0])
    refused("capset", "capset", struct.pack("Ii", 0x20080522, 0), struct.pack("6I", 1 << 21, 1 << 21, 0, 0, 0, 0))
    LIBC.prctl(38, 0, 0, 0, 0)
    same("privileges back", "1", status()["NoNewPrivs"])
    fails("real-time scheduling", os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))
    fails("higher priority", os.nice, -1)
    fails("spared when memory ends", write, "/proc/self/oom_score_adj", b"-1")
    if os.environ["SCORE"] == "kept":
        fails("first of equals when memory ends", write, "/proc/self/oom_score_adj", b"0")
    report("page zero", "" if in_child(page_zero) else "it can be mapped")


def page_zero():
    call("personality", 0x100000)
    LIBC.mmap.restype = ctypes.c_long
    return LIBC.mmap(ctypes.c_void_p(0), ctypes.c_long(4096), 3, 0x32, -1, ctypes.c_long(0)) == 0


def write(path, content=b""):
    file = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    try:
        if content:
            os.write(file, content)
    finally:
        os.close(file)


def limits():
    expected = {"CORE": 1, "NOFILE": 10_000, "MEMLOCK": 64 << 10, "RTPRIO": 0, "NICE": 0, "MSGQUEUE": 819_200}
    for name, value in expected.items():
        limit = getattr(resource, "RLIMIT_" + name)
        same(f"limit {name}", (value, value), resource.getrlimit(limit))
        try:
            resource.setrlimit(limit, (value + 1, value + 1))
        except (ValueError, OSError):
            pass
        same(f"higher limit {name}", (value, value), resource.getrlimit(limit))
    # With 0 a program of the machine would be called with the memory of a process that crashed; 1 prevents that.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    same("core dumps to the machine's handler", (1, 1), resource.getrlimit(resource.RLIMIT_CORE))


def masked(file):
    """Whether /dev/null lies over it: there is nothing to read, and what is written is gone."""
    try:
        found = os.stat(file)
        return stat.S_ISCHR(found.st_mode) and found.st_rdev == os.makedev(1, 3)
    except OSError:
        return False


def files():
    writable = set(os.environ["WRITABLE"].split(":"))
    # The last one at a place covers the others.
    mounts = {place: (kind, options.split(",")) for _, place, kind, options, *_ in map(str.split, open("/proc/self/mounts"))}
    for place, (kind, options) in mounts.items():
        if "ro" in options and place.startswith(("/proc/", "/sys/")):
            continue  # Masked, or read-only a second time.
        if place.startswith("/proc/") and masked(place):
            continue  # As runc does it.
        report(f"mount {place} cannot be written", kind if "rw" in options and place not in writable else "")
        if not place.startswith("/dev/console"):
            report(f"mount {place} without set-uid", kind if "nosuid" not in options and place != "/" else "")
            report(f"mount {place} without devices", kind if "nodev" not in options and not place.startswith("/dev") and place != "/" else "")
    for place in ("/", "/usr", "/usr/local", "/etc", "/etc/ssl/certs", "/run", "/var", "/home", "/mnt", "/sys", "/dev", "/.launch"):
        fails(f"file in {place}", os.open, place + "/x", os.O_CREAT | os.O_WRONLY)
    for file in ("/.init", "/.launch", "/bin/bash", "/etc/passwd", "/etc/hosts", "/etc/resolv.conf"):
        fails(f"change of {file}", write, file)
    hidden = ["/root", "/etc/shadow", "/etc/passwd-", "/etc/ssh", "/boot", "/opt", "/srv", "/media", "/var/lib", "/var/log",
              "/run/paddock", "/run/netns", "/run/docker.sock", "/var/run/docker.sock", "/proc/1/root/root",
              "/proc/1/root/run/paddock", *os.environ["HIDDEN"].split(":")]
    for file in hidden:
        fails(f"sight of {file}", os.stat, file)
    for place in ("/home", "/run", "/mnt", "/var"):
        same(f"content of {place}", [], [name for name in os.listdir(place) if place + "/" + name not in writable | {"/var/tmp"}
                                         and not any(w.startswith(place + "/" + name) for w in writable)])


def set_uid_programs():
    uid = str(os.getuid())
    names = [os.path.join(place, name) for place in ("/usr/bin", "/usr/sbin", "/usr/lib/openssh", "/usr/lib/dbus-1.0")
             if os.path.isdir(place) for name in os.listdir(place)]
    for name in names:
        try:
            mode = os.stat(name).st_mode
        except OSError:
            continue
        if mode & (stat.S_ISUID | stat.S_ISGID) and stat.S_ISREG(mode):
            try:
                program = subprocess.Popen([name], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL, start_new_session=True)
            except OSError:
                report(f"set-uid {name}", "")
                continue
            ids = status(program.pid)
            same(f"set-uid {name}", [uid] * 8, ids["Uid"].split() + ids["Gid"].split())
            program.kill()
            program.communicate()


def devices():
    known = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "console"}
    for place, _, names in os.walk("/dev"):
        for name in names:
            path = os.path.join(place, name)
            mode = os.lstat(path).st_mode
            if (stat.S_ISBLK(mode) or stat.S_ISCHR(mode)) and name not in known and place != "/dev/pts":
                report(f"device {path}", "it is there")
    for name in ("mem", "kmem", "port", "kmsg", "vda", "sda", "loop-control", "fuse", "kvm", "net/tun", "vhost-vsock",
                 "mapper/control", "rtc0", "userfaultfd", "vsock", "uinput"):
        fails(f"/dev/{name}", os.open, "/dev/" + name, os.O_RDONLY)
    for name, mode in (("character", stat.S_IFCHR), ("block", stat.S_IFBLK)):
        refused(f"mknod {name}", "mknod", b"/tmp/device", mode | 0o666, os.makedev(1, 1))
        refused(f"mknodat {name}", "mknodat", -100, b"/tmp/device", mode | 0o666, os.makedev(1, 1))


def processes():
    own = {int(name) for name in os.listdir("/proc") if name.isdigit()}
    report("processes in sight", "" if len(own) < 10 else f"{len(own)} of them")
    names = [open(f"/proc/{pid}/cmdline", "rb").read().split(b"\0")[0] for pid in own]
    same("processes of others", [], [name for name in names if re.search(rb"java|conmon|crun|other-dyno", name)])
    reached = []
    for pid in range(2, 5000):
        if pid not in own:
            try:
                os.kill(pid, 0)
                reached.append(pid)
            except OSError as e:
                if e.errno != errno.ESRCH:
                    reached.append(pid)
    same("signals to others", [], reached)
    same("its own cgroup", set(), {line.split(":", 2)[2].strip() for line in open("/proc/self/cgroup")} - {"/"})


def kernel_files():
    written = []
    for top in ("/proc", "/sys"):
        for place, directories, names in os.walk(top):
            if place == "/proc":
                directories[:] = [d for d in directories if not d.isdigit() and d not in ("self", "thread-self")]
            for name in names:
                path = os.path.join(place, name)
                try:
                    # A masked file is the null device.
                    if not stat.S_ISCHR(os.stat(path).st_mode):
                        write(path)
                        written.append(path)
                except OSError:
                    pass
    same("writes to /proc and /sys", [], written)
    for place, _, _ in os.walk("/sys/fs/cgroup"):
        fails(f"cgroup in {place}", os.mkdir, place + "/x")
    for path in ("/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/kmsg",
                 "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
                 "/proc/kallsyms", "/proc/modules", "/proc/config.gz", "/proc/interrupts", "/proc/kpagecgroup",
                 "/proc/kpagecount", "/proc/kpageflags", "/proc/pagetypeinfo", "/proc/slabinfo", "/proc/vmallocinfo",
                 "/sys/firmware", "/sys/module", "/sys/kernel", "/sys/block", "/sys/class", "/sys/bus", "/sys/dev",
                 "/sys/kernel/debug", "/sys/kernel/tracing", "/sys/kernel/security", "/sys/fs/bpf", "/sys/fs/pstore"):
        report(f"content of {path}", content(path))


def content(path):
    try:
        return ", ".join(os.listdir(path)) if os.path.isdir(path) else repr(open(path, "rb").read(40))[2:-1]
    except OSError:
        return ""


def inheritance():
    wanted = {"KIND", "WRITABLE", "HIDDEN", "REACH", "SCORE", "PROBE", "HOME", "PATH", "USER", "LANG", "DYNO", "PORT", "PWD", "OLDPWD",
              "SHLVL", "_", "TERM", "LC_CTYPE"}
    network = re.compile("(?i).*(proxy|registry|index_url|trusted_host|strict_ssl|cert|cert_file|certs|bundle|cainfo|cafile)")
    same("environment", [], [name for name in os.environ if name not in wanted and not (BUILD and network.fullmatch(name))])
    extra = []
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink("/proc/self/fd/" + name)
            if int(name) > 2 or not re.match(r"pipe:|/dev/(null|pts/\d+)$", target):
                extra.append(f"{name} {target}")
        except OSError:
            pass  # The listing's own.
    same("descriptors", [], extra)
    same("Unix sockets in sight", 1, len(open("/proc/net/unix").readlines()))


def quotas():
    def size(place):
        seen = os.statvfs(place)
        return seen.f_blocks * seen.f_frsize
    same("size of /dev/shm", 64 << 20, size("/dev/shm"))
    same("size of /dev", 64 << 10, size("/dev"))
    kinds = {place: kind for _, place, kind, *_ in map(str.split, open("/proc/self/mounts"))}
    if BUILD:
        report("/tmp on disk", "" if kinds["/tmp"] != "tmpfs" else "it is in memory")
    else:
        same("size of /tmp", 128 << 20, size("/tmp"))
    # The kernel kills at twice the quota.
    files = [name for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes") if os.path.exists(name)]
    same("memory", [(4096 if BUILD else 1024) << 20], [int(open(name).read()) for name in files])
    allowed = 1024 if BUILD else 256
    threading.stack_size(64 << 10)
    done = threading.Event()
    threads = 0
    try:
        while threads <= allowed:
            threading.Thread(target=done.wait, daemon=True).start()
            threads += 1
        report("number of processes", f"{threads} threads")
    except RuntimeError:
        report("number of processes", "" if threads > allowed - 30 else f"only {threads} threads")
    done.set()


def gateways():
    """The machine's end of the link, by its IPv4 address and by the IPv6 address that goes with its hardware address."""
    route = next(line.split() for line in open("/proc/net/route") if line.split()[1] == "00000000")
    gateway = socket.inet_ntoa(bytes.fromhex(route[2])[::-1])
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", (gateway, 9))
    hardware = ""
    for _ in range(100):
        arp = [line.split() for line in open("/proc/net/arp")][1:]
        hardware = next((fields[3] for fields in arp if fields[0] == gateway and fields[3] != "00:00:00:00:00:00"), "")
        if hardware:
            break
        time.sleep(0.01)
    b = bytes.fromhex(hardware.replace(":", ""))
    return gateway, "fe80::%02x%02x:%02xff:fe%02x:%02x%02x%%eth0" % (b[0] ^ 2, *b[1:])


def network():
    gateway, gateway6 = gateways()

    def attempt(wish, protocol, host, port, name):
        host = {"gateway": gateway, "gateway6": gateway6}.get(host, host)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM) as s:
                s.settimeout(5 if wish == "yes" else 0.7)
                s.connect(socket.getaddrinfo(host, int(port), family)[0][4])
                s.send(b"who am I\n")
                seen = s.recv(100).decode()
        except ConnectionRefusedError:
            # Somebody far away said so, unless it is the dyno's own loopback.
            seen = "" if host in ("127.0.0.1", "::1") else "refused"
        except OSError as failure:
            seen = ""
            failures[name] = repr(failure)
        results[name] = (wish, seen)

    own = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=lambda: own.accept()[0].send(b"self"), daemon=True).start()
    lines = [line.split(" ", 4) for line in os.environ["REACH"].splitlines() if line]
    lines.append(["yes", "tcp", "127.0.0.1", str(own.getsockname()[1]), "itself"])
    results, failures = {}, {}
    threads = [threading.Thread(target=attempt, args=line) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, (wish, seen) in sorted(results.items()):
        if wish == "yes":
            report(f"way to {name}", "" if seen else f"it is closed: {failures.get(name)}")
            print(f"{name} sees {seen}", flush=True)
        else:
            report(f"no way to {name}", seen)


for part in (inheritance, power, files, set_uid_programs, devices, processes, kernel_files, system_calls, entrances,
             namespaces, terminals, sockets, network, quotas, limits):
    part()
print(f"{count} attempts", flush=True)
