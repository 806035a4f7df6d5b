"""What watching a training takes, beside the same training unwatched: ``python benchmarks/audit.py [EX]...``.

Both run in one process, in turns, on one thread; the time is CPU time of all cells of the solution, and a ratio is of
medians. Run it with nothing beside it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}

from bugkit.box.inside import cells
from bugkit.box.inside.session import watching
from bugkit.box.inside.unwatched import Unwatched
from bugkit.box.job import Job
from bugkit.exercise import Catalog, Exercise
from bugkit.notebook import read

ROOT = Path(__file__).parents[1]


def seconds(exercise: Exercise, *, watched: bool) -> float:
    limits = exercise.manifest.run
    job = Job(
        cells=tuple((str(cell.id), cell.source) for cell in read(exercise.solution).cells if cell.runs),
        seed=0,
        names=tuple(limits.names),
        max_steps=limits.max_steps,
    )
    watcher = watching(job, lambda _steps: None) if watched else Unwatched()
    start = time.process_time()
    with watcher:
        report = cells.run(job, lambda _cell: None)
    spent = time.process_time() - start
    assert report["status"] == "ok", report
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exercises", nargs="*")
    parser.add_argument("--rounds", type=int, default=7)
    wish = parser.parse_args()
    chosen = [
        exercise
        for exercise in Catalog(ROOT)
        if exercise.manifest.run.arrays == "torch" and (exercise.id in wish.exercises or not wish.exercises)
    ]
    import torch._dynamo  # as the warm interpreter has it

    torch.set_num_threads(1)
    cells.make_shell()
    ratios = []
    for exercise in chosen:
        seconds(exercise, watched=True)
        rounds = [(seconds(exercise, watched=True), seconds(exercise, watched=False)) for _ in range(wish.rounds)]
        on, off = (statistics.median(column) for column in zip(*rounds, strict=True))
        ratios.append(on / off)
        print(f"{exercise.id}  watched {on:.3f} s, unwatched {off:.3f} s: {on / off:.3f} times")
    print(
        f"median of {len(ratios)} exercises: {statistics.median(ratios):.3f} times, mean {statistics.fmean(ratios):.3f}"
    )


if __name__ == "__main__":
    main()
