# row: 42
# class: exhaust
# place: after training
# allowed: passed, out_of_memory
# tries: lifts the limit of processes, then counts how many it may have.

import os
import resource
import signal

try:
    resource.setrlimit(resource.RLIMIT_NPROC, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
except (OSError, ValueError):
    pass
try:
    resource.setrlimit(resource.RLIMIT_NPROC, (4096, resource.getrlimit(resource.RLIMIT_NPROC)[1]))
except (OSError, ValueError):
    pass
children = []
try:
    while len(children) < 400:
        child = os.fork()
        if child == 0:
            signal.pause()
        children.append(child)
except OSError:
    pass
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
if len(children) > 256:
    raise RuntimeError(f"STOLEN {len(children)} processes")
