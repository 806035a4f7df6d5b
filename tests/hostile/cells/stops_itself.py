# row: 48
# class: exhaust
# place: after training
# seconds: 2
# allowed: timed_out
# tries: stops itself, so that it can neither go on nor end.

import os
import signal

os.kill(os.getpid(), signal.SIGSTOP)
