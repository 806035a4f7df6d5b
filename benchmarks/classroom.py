"""Grading a made class: are the verdicts as intended, how fast is it, and does it survive being killed?

    python benchmarks/classroom.py --nbgrader VENV --students 60          # all of it, on a quiet machine
    python benchmarks/classroom.py --students 8 --exercises ex01,ex02 --parts verdicts,kills

``verdicts``: the whole class, every verdict against what its maker intended.
``again``: the whole class once more: are the two runs equal?
``kills``: once more, ended by SIGKILL at random moments and started again: is its gradebook that of the first run?
``bound``: the time that training alone takes on all cores, as a share of what grading right notebooks takes.
``nbgrader``: the same right notebooks, one seed each, by `nbgrader autograde` and by bugkit, in turns.
``memory``: the largest resident size of the grading process over two sizes of a class of toys.
Numbers that a loaded machine can distort stand beside its load.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import psutil
from alone import Alone
from made_class import EXERCISES, ROOT, make
from speed import peaks

from bugkit.classroom.batch import GradingOptions, LearnerBatch, parse_submission
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.grades import Graded
from bugkit.classroom.local import LocalExecutor
from bugkit.classroom.pack import packed
from bugkit.classroom.release import handed_out
from bugkit.exercise import Catalog, Exercise
from bugkit.grader import cores
from bugkit.notebook import Notebook, parse, read

PARTS = ("verdicts", "again", "kills", "bound", "nbgrader", "memory")
RIGHT = {"right": 1}
TOYS = ROOT / "tests" / "pack"


class Bench:
    """One work folder, and the answers."""

    def __init__(self, wishes: argparse.Namespace, work: Path) -> None:
        self.wishes = wishes
        self.work = work
        self.exercises = [Catalog(ROOT).find(name) for name in wishes.exercises.split(",")]
        self.found: dict[str, Any] = {"cores": cores(), "students": wishes.students, "exercises": wishes.exercises}

    def command(
        self, folder: Path, book: Path, *more: str, catalog: Path = ROOT, names: str | None = None
    ) -> list[str]:
        """The words that grade a folder into a gradebook."""
        words = ["--catalog", str(catalog), "class", "grade", str(folder / "submitted"), "--gradebook", str(book)]
        words += ["--task-seed", "benchmark", "--exercises", names or self.wishes.exercises, "--json", *more]
        return [sys.executable, "-m", "bugkit", *words]

    def timed(self, command: Sequence[str], **how: Any) -> tuple[float, dict[str, Any]]:
        """Seconds, and what it printed; exit codes 0 and 1 are verdicts."""
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False, **how)
        seconds = time.perf_counter() - start
        if done.returncode not in (0, 1):
            sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return seconds, json.loads(done.stdout)

    def verdicts(self) -> None:
        """As intended."""
        folder = self.work / "class"
        intended = make(folder, self.exercises, self.wishes.students, self.wishes.seed)
        seconds, summary = self.timed(self.command(folder, self.work / "whole.db"))
        whole = told(self.work / "whole.db")
        odd = [
            f"{student} {exercise}: {one['kind']} {one['what']}: {whole.get((student, exercise), ['nothing'])[0]}"
            for student, mine in intended.items()
            for exercise, one in mine.items()
            if whole.get((student, exercise), ["nothing"])[0] not in one["outcomes"]
        ]
        kinds = Counter(one["kind"] for mine in intended.values() for one in mine.values())
        self.found["verdicts"] = {
            "kinds": dict(kinds),
            "as_intended": sum(kinds.values()) - len(odd),
            "of": sum(kinds.values()),
            "not_as_intended": odd,
            "summary": summary,
            "seconds": round(seconds, 1),
        }

    def again(self) -> None:
        """The same twice."""
        whole = self.whole()
        self.timed(self.command(self.work / "class", self.work / "twice.db"))
        self.found["again"] = {"two_runs_are_equal": whole == told(self.work / "twice.db")}

    def kills(self) -> None:
        """Killed at random moments, it ends as if nothing had been."""
        undisturbed = self.whole()
        rng, book = random.Random(self.wishes.seed), self.work / "killed.db"
        command = self.command(self.work / "class", book)
        whole = self.found["verdicts"]["seconds"]
        killed, survivors = 0, 0
        for _ in range(self.wishes.kills):
            process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(rng.uniform(1, max(2.0, 1.5 * whole / self.wishes.kills)))
            except psutil.TimeoutExpired:
                below = process.children(recursive=True)
                process.kill()
                process.wait()
                killed += 1
                _, alive = psutil.wait_procs(below, timeout=30)
                survivors += sum(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in alive)
        self.timed(command)
        same = told(book) == undisturbed
        self.found["kills"] = {"killed": killed, "processes_that_survived": survivors, "same_gradebook": same}

    def whole(self) -> dict[tuple[str, str], tuple[Any, ...]]:
        """The undisturbed run's gradebook."""
        if "verdicts" not in self.found:
            self.verdicts()
        return told(self.work / "whole.db")

    def bound(self) -> None:
        """What training alone takes, as a share of what grading takes: of a whole command's time, and once warm.

        Both are done in turns, so that a machine whose speed drifts distorts neither.
        """
        folder = self.work / "right"
        make(folder, self.exercises, self.wishes.sample, self.wishes.seed, RIGHT)
        alone, warm = Alone(self.notebooks(folder)), Warm(self.exercises, folder / "submitted")
        times: dict[str, list[float]] = {"training_wall": [], "training_cpu": [], "grading": [], "grading_warm": []}
        for turn in range(self.wishes.rounds):
            book = str(self.work / f"right{turn}.db")
            times["grading"].append(self.timed(self.command(folder, Path(book), "--no-redraw"))[0])
            wall, cpu = alone.seconds()
            times["training_wall"].append(wall)
            times["training_cpu"].append(cpu)
            times["grading_warm"].append(warm.seconds(f"{book}.warm"))
        alone.close()
        warm.close()
        each = {name: sum(seconds) / self.wishes.rounds for name, seconds in times.items()}
        limit = min(each["training_wall"], each["training_cpu"] / cores())
        self.found["bound"] = {
            "notebooks": self.wishes.sample * len(self.exercises),
            "seconds": {name: [round(one, 2) for one in seconds] for name, seconds in times.items()},
            "share": round(limit / each["grading"], 3),
            "share_once_warm": round(limit / each["grading_warm"], 3),
            "share_once_warm_by_the_clock": round(each["training_wall"] / each["grading_warm"], 3),
            "load": os.getloadavg()[0],
        }

    def notebooks(self, folder: Path) -> Iterator[tuple[Notebook, list[int]]]:
        """What was handed in, and the seeds that it is run on."""
        for exercise in self.exercises:
            for path in sorted(folder.glob(f"submitted/*/{exercise.id}/*.ipynb")):
                yield read(path), exercise.manifest.run.seeds

    def nbgrader(self) -> None:
        """The same right notebooks, one seed each, in turns."""
        folder, count = self.work / "right1", self.wishes.sample * len(self.exercises)
        make(folder, self.exercises, self.wishes.sample, self.wishes.seed, RIGHT)
        course = Course(self.work / "course", self.wishes.nbgrader, self.exercises, folder / "submitted")
        ours, theirs = [], []
        for turn in range(self.wishes.rounds):
            command = self.command(folder, self.work / f"one{turn}.db", "--seeds", "1", "--no-redraw")
            seconds, summary = self.timed(command)
            assert summary["graded"] == {"passed": count}, summary
            ours.append(seconds / count)
            theirs.append(course.autograde() / count)
        self.found["nbgrader"] = {
            "notebooks": count,
            "bugkit_seconds_each": [round(one, 2) for one in ours],
            "nbgrader_seconds_each": [round(one, 2) for one in theirs],
            "times_faster": round(statistics.median(theirs) / statistics.median(ours), 2),
            "load": os.getloadavg()[0],
        }

    def memory(self) -> None:
        """The grading process' peak, MiB, over sizes of a class."""
        sizes = [int(size) for size in self.wishes.memory.split(",")]
        found = {}
        for size in sizes:
            folder = self.work / f"toys{size}"
            make(folder, [Catalog(TOYS).find("toy01")], size, self.wishes.seed, {"right": 1, "unfinished": 1})
            book = self.work / f"toys{size}.db"
            command = self.command(folder, book, "--seeds", "1", catalog=TOYS, names="toy01")
            found[size] = peaks(command)[0]
            with Gradebook(str(book)) as opened:
                graded = sum(one.graded is not None for one in opened.grades())
            assert graded == size, f"{graded} of {size} were graded"
        self.found["memory"] = {"submissions": list(found), "peak_mib": list(found.values())}


class Warm:
    """A class that is graded again and again by graders that are at work already. Close it."""

    def __init__(self, exercises: Sequence[Exercise], submitted: Path) -> None:
        self._files = [sorted(folder.rglob("*.ipynb")) for folder in sorted(submitted.iterdir())]
        self._batches: SimpleQueue[LearnerBatch | None] = SimpleQueue()
        options = GradingOptions("benchmark", redraw=False)
        self._graded = LocalExecutor(packed(exercises), options)(iter(self._batches.get, None))
        self.seconds(str(submitted.parent / "first.db"))

    def seconds(self, book: str) -> float:
        """From the files to a gradebook that has all verdicts."""
        start = time.perf_counter()
        with Gradebook(book) as opened:
            for files in self._files:
                submissions = (parse_submission(file.parent.name, file.read_bytes()) for file in files)
                self._batches.put(LearnerBatch(files[0].parents[1].name, tuple(submissions)))
            for came in islice(self._graded, sum(map(len, self._files))):
                assert isinstance(came, Graded), came
                assert came.outcome == "passed", came
                opened.add(came)
        return time.perf_counter() - start

    def close(self) -> None:
        """End the graders."""
        self._batches.put(None)
        assert list(self._graded) == []


class Course:
    """A course of nbgrader's with the same notebooks, every exercise an assignment."""

    def __init__(self, root: Path, venv: Path, exercises: Sequence[Exercise], submitted: Path) -> None:
        self.root, self.bin = root, venv.absolute() / "bin"
        self.names = [one.id for one in exercises]
        here = {"PATH": f"{self.bin}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
        self.env = {**os.environ, **here}
        root.mkdir(parents=True)
        (root / "nbgrader_config.py").write_text(
            "c = get_config()\nc.CourseDirectory.course_id = 'made'\n"
            f"c.CourseDirectory.root = {str(root)!r}\nc.ExecutePreprocessor.timeout = 300\n"
        )
        for exercise in exercises:
            source = root / "source" / exercise.id / f"{exercise.id}.ipynb"
            source.parent.mkdir(parents=True)
            source.write_bytes(without_ours(handed_out(exercise).encode()))
            self.run("generate_assignment", exercise.id, "--create")
        for path in submitted.rglob("*.ipynb"):
            copy = root / "submitted" / path.relative_to(submitted)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(without_ours(path.read_bytes()))

    def run(self, *words: str) -> None:
        """One of nbgrader's commands, which has to succeed."""
        command = [self.bin / "nbgrader", *words]
        done = subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"nbgrader {' '.join(words)}\n{done.stdout}{done.stderr}")

    def autograde(self) -> float:
        """Seconds for all; every notebook was run to its end."""
        shutil.rmtree(self.root / "autograded", ignore_errors=True)
        start = time.perf_counter()
        for name in self.names:
            self.run("autograde", name, "--force")
        seconds = time.perf_counter() - start
        for path in (self.root / "autograded").rglob("*.ipynb"):
            cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
            assert all(cell["execution_count"] for cell in cells if cell["source"]), f"{path} was not run"
            assert not [out for cell in cells for out in cell["outputs"] if out["output_type"] == "error"], path
        return seconds


def without_ours(content: bytes) -> bytes:
    """A notebook without the cells that bugkit does not run either: pictures, and the one that calls bugkit."""
    runs = [cell.runs or cell.kind != "code" for cell in parse(content).cells]
    document = json.loads(content)
    document["cells"] = [cell for cell, kept in zip(document["cells"], runs, strict=True) if kept]
    return json.dumps(document).encode()


def told(place: Path) -> dict[tuple[str, str], tuple[Any, ...]]:
    """What a gradebook says of everybody, without times."""
    with Gradebook(str(place)) as book:
        return {(one.submission.person, one.submission.exercise): _told(one.graded) for one in book.grades()}


def _told(graded: Any) -> tuple[Any, ...]:
    if graded is None:
        return ("nothing",)
    verdict = graded.read
    runs = [(run.seed, run.status, repr(run.loss)) for run in verdict.runs]
    return graded.outcome, graded.score, runs, [(check.name, check.outcome) for check in verdict.checks]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=60)
    parser.add_argument("--exercises", default=EXERCISES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sample", type=int, default=6, help="students of right notebooks that are timed")
    parser.add_argument("--rounds", type=int, default=3, help="turns of bugkit and nbgrader")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--memory", default="60,600", help="submissions, two sizes")
    parser.add_argument("--nbgrader", type=Path, metavar="VENV", help="an environment with nbgrader, torch and numpy")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--out", type=Path, help="the answers as JSON")
    wishes = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bugkit-bench-") as folder:
        bench = Bench(wishes, Path(folder))
        parts: dict[str, Callable[[], None]] = {name: getattr(bench, name) for name in PARTS}
        for name in wishes.parts.split(","):
            if name != "nbgrader" or wishes.nbgrader:
                parts[name]()
                print(name, json.dumps(bench.found.get(name), indent=1), flush=True)
    if wishes.out:
        wishes.out.write_text(json.dumps(bench.found, indent=1) + "\n")


if __name__ == "__main__":
    main()
