package dev.paddock.doctor;

import dev.paddock.doctor.MachineFacts.Disk;
import dev.paddock.doctor.MachineFacts.Firewall;
import dev.paddock.doctor.MachineFacts.Memory;
import dev.paddock.engine.local.Lack;
import dev.paddock.engine.local.LocalMachine;
import dev.paddock.engine.local.NetworkTrial;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Judges what was seen of a machine: what is good, worth knowing, weaker than it could be, or missing.
///
/// @param findings in the order in which a reader wants them
public record Diagnosis(List<Finding> findings) {
    private static final long MEGABYTE = 1 << 20;
    private static final long GIGABYTE = 1 << 30;

    /// A dyno of the usual size.
    private static final long DYNO_BYTES = 512 * MEGABYTE;

    /// One build may write this much, and the logs of one app half of it.
    private static final long DISK_BYTES = 2 * GIGABYTE;

    /// Two dynos, and what Paddock takes itself.
    private static final long MEMORY_BYTES = 3 * DYNO_BYTES;

    /// What has no owners, or no attributes that an overlay could use.
    private static final Set<String> UNFIT_FILE_SYSTEMS =
            Set.of("nfs", "nfs4", "cifs", "smb3", "vfat", "exfat", "ntfs", "9p");

    public Diagnosis {
        findings = List.copyOf(findings);
    }

    public static Diagnosis of(MachineFacts facts) {
        List<Finding> findings = new ArrayList<>();
        findings.add(kernel(facts));
        findings.addAll(engine(facts));
        if (facts.engine().root()) {
            findings.add(userNamespaces(facts.userNamespaces()));
        }
        findings.addAll(neighbours(facts));
        findings.addAll(hiddenPrograms(facts.hiddenPrograms()));
        findings.add(disk(facts.disk()));
        findings.add(memory(facts.memory()));
        findings.add(java(facts.java()));
        findings.add(postgres(facts));
        return new Diagnosis(findings);
    }

    /// Those for which something is weaker or missing.
    public List<Finding> bad() {
        return findings.stream().filter(Finding::bad).toList();
    }

    private static Finding kernel(MachineFacts facts) {
        String found = facts.kernel() + ", " + facts.architecture();
        return facts.architecture().equals("amd64")
                ? Finding.good("kernel", found)
                : Finding.missing(
                        "kernel",
                        found,
                        "Paddock cannot start: the PostgreSQL that comes with it is for x86-64.",
                        "Use a machine with an x86-64 processor.");
    }

    /// What the engine has, then what it says it lacks.
    private static List<Finding> engine(MachineFacts facts) {
        LocalMachine machine = facts.engine();
        List<Finding> findings = new ArrayList<>();
        List<Lack> lacks = new ArrayList<>(machine.lacks());
        facts.network().map(NetworkTrial::lacks).ifPresent(lacks::addAll);
        Set<String> lacking = Set.copyOf(lacks.stream().map(Lack::subject).distinct().toList());
        given(facts)
                .forEach((subject, found) -> {
                    if (!lacking.contains(subject)) {
                        findings.add(Finding.good(subject, found));
                    }
                });
        if (machine.root() && facts.network().isEmpty()) {
            findings.add(
                    Finding.note(
                            "network",
                            "not tried",
                            "Whether the kernel has what keeps dynos apart in the network can only be tried with"
                                    + " nft and ip."));
        }
        lacks.forEach(lack -> findings.add(finding(lack)));
        return findings;
    }

    private static Map<String, String> given(MachineFacts facts) {
        LocalMachine machine = facts.engine();
        Map<String, String> given = new LinkedHashMap<>();
        if (!machine.root()) {
            machine.sandbox()
                    .bubblewrap()
                    .ifPresent(path -> given.put("bubblewrap", path.toString()));
            return given;
        }
        given.put("root", "yes");
        new TreeMap<>(machine.programs()).forEach((name, path) -> given.put(name, path.toString()));
        given.put("cgroups", cgroups(machine.cgroups()));
        given.put("namespaces", "of all kinds that dynos need");
        given.put("seccomp", "system calls can be forbidden to dynos");
        given.put("overlay", "dynos share a slug and write into layers of their own");
        given.put(
                "swap",
                machine.kernel().swap() ? "there, and forbidden to dynos" : "none on this machine");
        given.put("DNS", "dynos can ask the name servers of this machine");
        if (facts.network().isPresent()) {
            given.put("veth", "dynos get links of their own");
            given.put("nftables", "rules keep dynos apart");
            given.put("connections", "those of a dyno to the outside are counted and bounded");
        }
        return given;
    }

    private static String cgroups(LocalMachine.Cgroups cgroups) {
        return switch (cgroups.version()) {
                    case NONE -> "none";
                    case V1 -> "version 1, with ";
                    case HYBRID -> "version 1 beside version 2, with ";
                    case V2 -> "version 2, with ";
                }
                + String.join(", ", cgroups.controllers().stream().sorted().toList());
    }

    private static Finding finding(Lack lack) {
        return lack.essential()
                ? Finding.missing(lack.subject(), "no", lack.meaning(), lack.remedy())
                : Finding.weaker(lack.subject(), "no", lack.meaning(), lack.remedy());
    }

    private static Finding userNamespaces(boolean there) {
        return there
                ? Finding.good("user namespaces", "there; Paddock needs none")
                : Finding.good("user namespaces", "closed to ordinary users; Paddock needs none");
    }

    private static List<Finding> neighbours(MachineFacts facts) {
        List<Finding> findings = new ArrayList<>();
        if (facts.docker()) {
            findings.add(
                    Finding.note(
                            "docker",
                            "runs beside Paddock",
                            "It closes forwarding for everybody, so Paddock lets its dynos through in the chain"
                                    + " DOCKER-USER. Containers of Docker count as other machines: dynos reach them"
                                    + " where Docker's own rules allow it."));
        }
        facts.firewalls().forEach(firewall -> findings.add(firewall(firewall)));
        return findings;
    }

    private static Finding firewall(Firewall firewall) {
        if (firewall.passesDynos()) {
            return Finding.good(firewall.name(), "is on, and lets dynos through");
        }
        String command =
                firewall.name().equals("ufw")
                        ? "ufw route allow from " + MachineReader.DYNOS
                        : "firewall-cmd --permanent --zone=trusted --add-source="
                                + MachineReader.DYNOS
                                + " && firewall-cmd --reload";
        return Finding.weaker(
                firewall.name(),
                "is on",
                "It drops what this machine would forward, so dynos and builds may not reach the outside. What"
                        + " dynos may reach is decided by rules of Paddock's own, with or without it.",
                "Let packets of dynos through: `" + command + "`.");
    }

    private static List<Finding> hiddenPrograms(Map<String, Path> hidden) {
        return new TreeMap<>(hidden)
                .entrySet().stream()
                        .map(entry ->
                                Finding.weaker(
                                        entry.getKey(),
                                        "only in " + entry.getValue(),
                                        "Dynos and builds see the programs below /usr and no others, so apps that need "
                                                + entry.getKey()
                                                + " do not run.",
                                        "Install it for the whole machine: `apt-get install "
                                                + debianPackage(entry.getKey())
                                                + "`."))
                        .toList();
    }

    private static String debianPackage(String program) {
        return switch (program) {
            case "node" -> "nodejs";
            case "php" -> "php-cli";
            case "go" -> "golang-go";
            default -> program;
        };
    }

    private static Finding disk(Disk disk) {
        String found =
                gigabytes(disk.freeBytes())
                        + " free below "
                        + disk.directory()
                        + " ("
                        + disk.fileSystem()
                        + ")";
        if (UNFIT_FILE_SYSTEMS.contains(disk.fileSystem())) {
            return Finding.missing(
                    "disk",
                    found,
                    "Apps cannot run: on this file system files cannot be given to the dynos' users.",
                    "Choose a directory on a local disk with --data.");
        }
        if (disk.freeBytes() < DISK_BYTES) {
            return Finding.weaker(
                    "disk",
                    found,
                    "A single build may write 2 GB; when the disk is full, builds and dynos fail.",
                    "Free some space, or choose a directory on a bigger disk with --data.");
        }
        return disk.fileSystem().equals("overlay")
                ? Finding.weaker(
                        "disk",
                        found,
                        "Each dyno gets a copy of its slug: layers over it cannot lie on an overlay, as in a container"
                                + " of Docker.",
                        "Choose a directory on a local disk with --data.")
                : Finding.good("disk", found);
    }

    private static Finding memory(Memory memory) {
        String found =
                "%s, of which %s are free; room for %d dynos of 512 MB"
                        .formatted(
                                gigabytes(memory.totalBytes()),
                                gigabytes(memory.freeBytes()),
                                memory.totalBytes() / DYNO_BYTES);
        return memory.totalBytes() >= MEMORY_BYTES
                ? Finding.good("memory", found)
                : Finding.weaker(
                        "memory",
                        found,
                        "Hardly one app fits beside Paddock itself, and builds want 2 GB.",
                        "Use a machine with 2 GB or more.");
    }

    private static String gigabytes(long bytes) {
        return "%.1f GB".formatted((double) bytes / GIGABYTE);
    }

    private static Finding java(MachineFacts.Java java) {
        String found = java.version() + " in " + java.home();
        return java.compiler()
                ? Finding.good("java", found)
                : Finding.note(
                        "java",
                        found,
                        "It has no compiler: this Paddock runs, but cannot be built anew.");
    }

    private static Finding postgres(MachineFacts facts) {
        return facts.namedDatabase().map(Diagnosis::named).orElseGet(() -> ours(facts));
    }

    private static Finding named(MachineFacts.NamedDatabase database) {
        return database.trouble().isEmpty()
                ? Finding.good(
                        "PostgreSQL",
                        "%s at %s, which DATABASE_URL names"
                                .formatted(database.version(), database.address()))
                : Finding.missing(
                        "PostgreSQL",
                        "%s, not ours, cannot be used".formatted(database.address()),
                        database.trouble(),
                        "Mend it or DATABASE_URL; a new platform without that variable has a PostgreSQL of its own.");
    }

    private static Finding ours(MachineFacts facts) {
        return Finding.good(
                "PostgreSQL",
                facts.postgres()
                        .map(path -> "unpacked in " + path)
                        .orElse("comes with Paddock; the first start unpacks it"));
    }
}
