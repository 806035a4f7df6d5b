# row: 52
# class: exhaust
# place: after training
# allowed: passed
# tries: crashes with a memory image of its own, which is to land outside.

import os
import resource
import signal

try:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
except (OSError, ValueError):
    pass
os.makedirs("/tmp/core-here", exist_ok=True)
child = os.fork()
if child == 0:
    os.chdir("/tmp/core-here")
    os.kill(os.getpid(), signal.SIGABRT)
dumped = os.WCOREDUMP(os.waitpid(child, 0)[1])
if dumped or os.listdir("/tmp/core-here"):
    raise RuntimeError("STOLEN a core file")
