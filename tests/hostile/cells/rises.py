# row: 41
# class: theft
# place: after training
# allowed: passed
# tries: becomes root, makes namespaces and mounts, and opens the kernel's more powerful doors.

import ctypes
import os
import platform
import subprocess

libc = ctypes.CDLL(None, use_errno=True)
loot = []
with open("/proc/self/status") as file:
    status = dict(line.split(":", 1) for line in file)
loot += [name for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb") if int(status[name], 16)]
loot += [name for name, value in (("NoNewPrivs", "1"), ("Seccomp", "2")) if status[name].strip() != value]
if os.getuid() == 0:
    loot.append("root")

names = "clone unshare setns mount umount2 pivot_root chroot bpf perf_event_open userfaultfd io_uring_setup fsopen "
names += "open_tree memfd_secret kexec_load init_module finit_module delete_module quotactl swapon reboot settimeofday "
names += "clock_settime personality fanotify_init syslog mknodat open_by_handle_at add_key keyctl acct vhangup"
table = {
    "x86_64": "56 272 308 165 166 155 161 321 298 323 425 430 428 447 246 175 313 176 179 167 169 164 227 135 300 103 259 "
    "304 248 250 163 153",
    "aarch64": "220 97 268 40 39 41 51 280 241 282 425 430 428 447 104 105 273 106 60 224 142 170 112 92 262 116 33 "
    "265 217 219 89 58",
}
numbers = dict(zip(names.split(), map(int, table[platform.machine()].split()), strict=True))
NEW_USER, SIGCHLD = 0x10000000, 17
buffer = ctypes.create_string_buffer(256)
arguments = {
    "clone": (NEW_USER | SIGCHLD, 0, 0, 0, 0),
    "unshare": (NEW_USER,),
    "setns": (os.open("/proc/self/ns/mnt", os.O_RDONLY), 0),
    "mount": (b"none", b"/tmp", b"tmpfs", 0, 0),
    "umount2": (b"/proc", 2),
    "pivot_root": (b"/tmp", b"/tmp"),
    "chroot": (b"/tmp",),
    "bpf": (0, buffer, 72),
    "perf_event_open": (buffer, 0, -1, -1, 0),
    "userfaultfd": (1,),
    "io_uring_setup": (4, buffer),
    "fsopen": (b"tmpfs", 0),
    "open_tree": (-100, b"/", 1),
    "personality": (0x0040000,),
    "fanotify_init": (0x200, 0),
    "syslog": (3, buffer, 200),
    "mknodat": (-100, b"/tmp/node", 0o060666, 0x0801),
    "add_key": (b"user", b"a", b"b", 1, -3),
    "keyctl": (0, -3, 1),
    "reboot": (0xFEE1DEAD, 672274793, 0, 0),
    "acct": (b"/tmp/acct",),
    "settimeofday": (buffer, 0),
    "clock_settime": (0, buffer),
}
for name, number in numbers.items():
    got = libc.syscall(number, *arguments.get(name, (0, 0, 0, 0)))
    if got == 0 and name == "clone":
        os._exit(0)
    if got >= 0:
        loot.append(name)
for change in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]), lambda: os.nice(-5)):
    try:
        change()
        loot.append("rights")
    except OSError:
        pass
for words in (
    ["su", "-c", "id -u"],
    ["sudo", "-n", "id", "-u"],
    ["pkexec", "id", "-u"],
    ["unshare", "-Ur", "id", "-u"],
):
    try:
        if subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, timeout=5).stdout.strip() == b"0":
            loot.append(words[0])
    except (OSError, subprocess.TimeoutExpired):
        pass
if loot:
    raise RuntimeError(f"STOLEN {loot}")
