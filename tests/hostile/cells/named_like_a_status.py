# row: -
# class: exhaust
# place: after training
# allowed: passed
# tries: names dead processes so that whoever reads how much memory they use reads something else.

import ctypes
import os
import time

NAME = 15
libc = ctypes.CDLL(None)
for name in (
    b"a\x0cVmRSS:x",
    b"a\x1cVmRSS:",
    b"a\x0bVmRSS:9e9 kB",
    b"a\nVmRSS: -1",
    b"(a) Z 1\x85b",
    b"\xff\xfe:\x0cPPid:x",
):
    if os.fork() == 0:
        libc.prctl(NAME, name, 0, 0, 0)
        os._exit(0)
time.sleep(1.5)
