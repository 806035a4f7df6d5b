# row: 45
# class: exhaust
# place: after training
# memory: 512
# allowed: passed, out_of_memory, killed
# tries: keeps memory in files without a name and without a folder.

import ctypes
import os

taken = 0
for number in range(8):
    try:
        fd = os.memfd_create(f"left-by-an-attack-{number}")
        for _ in range(128):
            taken += os.write(fd, b"x" * (1 << 20))
    except OSError:
        break
if taken:
    raise RuntimeError(f"STOLEN {taken >> 20} MiB")
