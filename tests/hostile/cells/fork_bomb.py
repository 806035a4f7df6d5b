# row: 42
# class: exhaust
# place: after training
# seconds: 3
# allowed: timed_out, killed, out_of_memory, no_answer
# tries: forks for ever.

import os

while True:
    try:
        os.fork()
    except OSError:
        pass
