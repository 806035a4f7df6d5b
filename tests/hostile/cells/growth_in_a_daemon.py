# row: 45
# class: exhaust
# place: after training
# memory: 512
# allowed: out_of_memory
# tries: takes memory in a process that is nobody's child.

import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        piece = b"x" * (700 << 20)
        time.sleep(60)
    os._exit(0)
os.wait()
time.sleep(60)
