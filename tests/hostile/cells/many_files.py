# row: 46
# class: exhaust
# place: before everything
# allowed: passed
# tries: makes files without content, which no limit of bytes counts, in deep and wide folders.

import os

made, folder = 0, "/tmp"
try:
    for _ in range(200):
        folder = os.path.join(folder, "d")
        os.mkdir(folder)
    for number in range(20_000):
        os.close(os.open(f"/tmp/left-by-an-attack-{number}", os.O_CREAT))
        made += 1
except OSError:
    pass
