# row: -
# class: honest
# place: after training
# memory: 512
# allowed: passed
# tries: keeps a dozen workers waiting, which share nearly all of their memory.

import multiprocessing
import time

with multiprocessing.get_context("fork").Pool(12) as pool:
    pool.map(time.sleep, [1.5] * 12, chunksize=1)
