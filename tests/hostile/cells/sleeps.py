# row: 48
# class: exhaust
# place: after training
# seconds: 2
# allowed: timed_out
# tries: sleeps longer than anybody waits.

import time

time.sleep(1e9)
