# row: 55
# class: survive
# place: after training
# seconds: 3
# allowed: timed_out, ended_early, killed, no_answer, out_of_memory
# tries: runs away from every kill by a new process every millisecond.

import os
import time

while True:
    if os.fork():
        os._exit(0)
    os.setsid()
    time.sleep(0.001)
