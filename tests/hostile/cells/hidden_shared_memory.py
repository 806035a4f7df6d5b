# row: 45
# class: exhaust
# place: after training
# memory: 512
# allowed: passed, out_of_memory, killed
# tries: fills segments of shared memory and lets go of them, so that they belong to no process.

import ctypes
import time

PIECE, CREATE, PRIVATE = 128 << 20, 0o1000, 0
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
libc.shmdt.argtypes = [ctypes.c_void_p]
taken = 0
for _ in range(8):
    segment = libc.shmget(PRIVATE, ctypes.c_size_t(PIECE), CREATE | 0o600)
    if segment < 0:
        break
    place = libc.shmat(segment, None, 0)
    ctypes.memset(place, 1, PIECE)
    libc.shmdt(place)
    taken += PIECE >> 20
time.sleep(1)
if taken > 600:
    raise RuntimeError(f"STOLEN {taken} MiB beside the limit of 512")
