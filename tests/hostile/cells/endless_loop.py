# row: 48
# class: exhaust
# place: after training
# seconds: 2
# allowed: timed_out
# tries: never ends.

while True:
    pass
