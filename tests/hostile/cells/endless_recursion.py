# row: 52
# class: exhaust
# place: after training
# memory: 512
# allowed: raised, out_of_memory, killed, timed_out
# tries: recurses with the limit taken away.

import sys

sys.setrecursionlimit(10**9)


def deeper(depth):
    return deeper(depth + 1) + 1


deeper(0)
