# row: 48
# class: exhaust
# place: after training
# seconds: 3
# allowed: timed_out
# tries: trains well, and does not answer when its model is asked.

import time


def predict(x):
    time.sleep(1e9)
