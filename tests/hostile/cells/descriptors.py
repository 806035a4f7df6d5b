# row: 35
# class: theft
# place: after training
# allowed: passed
# tries: finds open files of the grader, and host paths in arguments and mounts.

import glob
import os
import stat

loot = []
folder = HOST["folder"].split()[-1]  # blanks are written otherwise in lists of mounts
for path in glob.glob("/proc/*/fd/*"):
    try:
        target = os.readlink(path)
    except OSError:
        continue
    if folder in target or HOST["word"] in target:
        loot.append(f"{path} -> {target}")
for fd in range(1024):
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        continue
    if stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and os.readlink(f"/proc/self/fd/{fd}").startswith("/")):
        loot.append(f"{fd}: {os.readlink(f'/proc/self/fd/{fd}')}")
for name in ("cmdline", "mountinfo", "mounts", "maps", "cgroup", "comm", "status"):
    for path in glob.glob(f"/proc/*/{name}"):
        try:
            with open(path, "rb") as file:
                text = file.read()
        except OSError:
            continue
        if folder.encode() in text or HOST["word"].encode() in text or b"submissions" in text:
            loot.append(path)
if loot:
    raise RuntimeError(f"STOLEN {loot[:10]}")
