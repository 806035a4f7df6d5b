# row: 45
# class: exhaust
# place: after training
# memory: 512
# allowed: passed, out_of_memory, killed
# tries: keeps memory in the kernel's message queues.

import ctypes

PIECE, CREATE, PRIVATE, NO_WAIT = 8000, 0o1000, 0, 0o4000
libc = ctypes.CDLL(None, use_errno=True)
message = ctypes.create_string_buffer(b"\1" + b"\0" * 7 + b"x" * PIECE)
taken = 0
for _ in range(12_000):
    queue = libc.msgget(PRIVATE, CREATE | 0o600)
    if queue < 0:
        break
    while libc.msgsnd(queue, message, PIECE, NO_WAIT) == 0:
        taken += PIECE
if taken >> 20 > 64:
    raise RuntimeError(f"STOLEN {taken >> 20} MiB of the kernel's memory")
