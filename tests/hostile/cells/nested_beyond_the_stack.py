# row: 52
# class: exhaust
# place: after training
# allowed: raised, killed, out_of_memory
# tries: compares lists so deep that the interpreter's own stack ends.

import sys

sys.setrecursionlimit(10**9)
one, other = [], []
for _ in range(10**6):
    one, other = [one], [other]
same = one == other
