# row: 70
# class: broken
# place: after training
# memory: 512
# seconds: 4
# allowed: timed_out, out_of_memory, killed, passed
# tries: records losses without end.

import itertools

losses = itertools.repeat(1.0)
