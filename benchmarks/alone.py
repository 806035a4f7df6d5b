"""What training alone takes: the same cells as a script, in forks of an interpreter that has imported everything.

As many forks at once as there are cores, and nothing is asked, checked or kept. What stands beside it in a benchmark
is the price of all the rest.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

from bugkit.grader import cores
from bugkit.notebook import Notebook

Run = tuple[list[str], int]  # cells and a seed


class Alone:
    """The warm interpreter. Close it."""

    def __init__(self, notebooks: Iterable[tuple[Notebook, Sequence[int]]]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        runs = [([cell.source for cell in one.cells if cell.runs], seed) for one, seeds in notebooks for seed in seeds]
        self._tell(runs)

    def seconds(self) -> tuple[float, float]:
        """All of it once: seconds by the clock, and of all cores together."""
        wall, cpu = self._tell("once more").split()
        return float(wall), float(cpu)

    def close(self) -> None:
        """End the interpreter."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _tell(self, message: object) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(message), file=self._process.stdin, flush=True)
        return self._process.stdout.readline()


def main() -> None:
    """Run everything once for every line that is read."""
    import matplotlib as mpl
    import torch
    import torch._dynamo
    import torch.utils.data

    mpl.use("Agg")
    import matplotlib.pyplot  # noqa: F401

    import bugkit.data  # noqa: F401

    torch.set_num_threads(1)
    runs: list[Run] = json.loads(sys.stdin.readline())
    print("warm", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter(), sum(os.times()[2:4])
        train(runs)
        print(time.perf_counter() - start[0], sum(os.times()[2:4]) - start[1], flush=True)


def train(runs: Sequence[Run]) -> None:
    alive = 0
    for cells, seed in runs:
        if alive == cores():
            os.wait()
            alive -= 1
        if os.fork() == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            names: dict[str, Any] = {}
            for cell in cells:
                exec(re.sub(r"^SEED = .*", f"SEED = {seed}", cell, flags=re.MULTILINE), names)
            os._exit(0)
        alive += 1
    for _ in range(alive):
        os.wait()


if __name__ == "__main__":
    main()
