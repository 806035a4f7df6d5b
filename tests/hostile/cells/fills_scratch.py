# row: 46
# class: exhaust
# place: before everything
# allowed: passed
# tries: fills all scratch folders to the brim, and asks for more than they may hold.

import os

taken = {}
for folder in ("/tmp", os.path.expanduser("~"), "/dev/shm", "/var/tmp", "/run", "/"):
    try:
        with open(os.path.join(folder, "left-by-an-attack"), "wb", buffering=0) as file:
            while True:
                taken[folder] = taken.get(folder, 0) + file.write(b"x" * (1 << 20))
                if taken[folder] > 600 << 20:
                    raise RuntimeError(f"STOLEN {taken}")
    except OSError:
        pass
