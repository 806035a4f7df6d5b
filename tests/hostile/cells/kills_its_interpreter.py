# row: 57
# class: survive
# place: after training
# again: the same person
# allowed: killed
# tries: kills the interpreter that runs are forked from.

import os
import signal
import time

os.kill(os.getppid(), signal.SIGKILL)
time.sleep(60)
