# row: -
# class: exhaust
# place: after training
# allowed: passed, raised, no_answer
# tries: opens files until there are no more.

import os

held = []
try:
    while len(held) < 100_000:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
for fd in held[-10:]:
    os.close(fd)
if len(held) > 5000:
    raise RuntimeError(f"STOLEN {len(held)} descriptors")
