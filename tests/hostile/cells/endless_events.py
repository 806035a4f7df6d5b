# row: 48
# class: exhaust
# place: after training
# seconds: 3
# allowed: timed_out
# tries: reports progress without end.

import gc

channel = next(one for one in gc.get_objects() if type(one).__name__ == "Channel")
while True:
    channel.send({"event": "steps", "steps": 10**300, "filling": "x" * 100_000})
