# row: -
# class: honest
# place: after training
# allowed: passed
# tries: starts fresh interpreters, one of them with a part of the work.

import multiprocessing
import subprocess
import sys

with multiprocessing.get_context("spawn").Pool(1) as pool:
    assert pool.map(abs, [-1, -2]) == [1, 2]
script = "import numpy, sys; print(numpy.arange(3).sum(), sys.flags.isolated)"
assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "3 0\n"
