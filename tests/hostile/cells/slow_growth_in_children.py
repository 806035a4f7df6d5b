# row: 45
# class: exhaust
# place: after training
# memory: 512
# allowed: out_of_memory
# tries: takes memory slowly in eight processes, each far below the limit.

import os
import time

for _ in range(8):
    if os.fork() == 0:
        break
pieces = []
for _ in range(40):
    pieces.append(b"x" * (5 << 20))
    time.sleep(0.02)
time.sleep(60)
