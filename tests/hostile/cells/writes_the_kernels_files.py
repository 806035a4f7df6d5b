# row: 41
# class: theft
# place: after training
# allowed: passed
# tries: opens the kernel's settings, devices and the system's files for writing.

import os

loot = []
doors = ["/proc/sysrq-trigger", "/proc/kcore", "/dev/mem", "/dev/kmsg", "/dev/fuse", "/dev/kvm"]
doors += ["/dev/vda", "/dev/sda", "/dev/loop-control", "/dev/net/tun", "/etc/passwd", "/etc/ld.so.preload"]
# settings of its own namespaces of processes and of messages
its_own = tuple(
    f"/proc/sys/{name}" for name in ("fs/mqueue/", "kernel/msg", "kernel/shm", "kernel/sem", "kernel/auto_msg")
)
its_own += ("/proc/sys/kernel/ns_last_pid", "/proc/sys/kernel/pid_max")
for top in ("/proc/sys", "/sys"):
    for folder, _, files in os.walk(top):
        doors += [os.path.join(folder, name) for name in files if not (folder + "/" + name).startswith(its_own)]
for door in doors:
    try:
        os.close(os.open(door, os.O_WRONLY | os.O_NONBLOCK))
        loot.append(door)
    except OSError:
        pass
for folder in (
    "/",
    "/usr",
    "/usr/bin",
    "/etc",
    "/dev",
    "/opt",
    "/opt/bugkit",
    "/home",
    "/proc",
    "/var",
    "/run",
    "/lib",
):
    try:
        with open(os.path.join(folder, "left-by-an-attack"), "w"):
            loot.append(folder)
    except OSError:
        pass
if loot:
    raise RuntimeError(f"STOLEN {loot[:10]}")
