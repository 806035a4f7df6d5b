"""One person's notebooks, graded: what every executor carries out, here or on another machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from queue import SimpleQueue
from typing import TypeVar

from bugkit import __version__
from bugkit.classroom import record
from bugkit.classroom.grades import Graded, digest_of
from bugkit.errors import Fault, ManifestError, NotebookError
from bugkit.exercise import Catalog, Exercise
from bugkit.grader import Grader
from bugkit.judge import judge
from bugkit.notebook import Cell, Notebook, Rebuilt, at_the_last_stage, fix_of, parse, read, rebuild
from bugkit.report.curve import shown_run
from bugkit.verdict import RunResult, Verdict

T = TypeVar("T")
MOST_PROSE = 10_000  # characters of a cell that is no code: a picture may be pasted there, and nothing of it is run
LACKS = "the notebook has no "  # as a run says it, of a name
MOST_FIX = 20_000  # characters that are kept of what was changed


@dataclass(frozen=True)
class ParsedSubmission:
    """One notebook to be graded: what is run of it, without outputs and pictures, so that it travels light."""

    exercise: str
    digest: str  # of the file's bytes
    notebook: Notebook | None
    unread: str = ""  # why there is none, a sentence on the file


@dataclass(frozen=True)
class LearnerBatch:
    """One person's notebooks: they share a box."""

    person: str
    submissions: tuple[ParsedSubmission, ...]


@dataclass(frozen=True)
class GradingOptions:
    """What a class is graded by. ``salt`` draws the tasks: the same for everybody, unknown to anybody before."""

    salt: str
    seeds: int | None = None  # how many; None for each exercise's own
    sandbox: bool | None = True
    redraw: bool = True

    def task_of(self, exercise: Exercise, seed: int) -> int | None:
        """The seed of the task that a run gets; None for the task as it was given out."""
        return int(digest_of(self.salt, exercise.id, str(seed))[:15], 16) if self.redraw else None

    def key_of(self, exercise: Exercise, digest: str) -> str:
        """What a verdict depends on: where none of it changed, nobody needs to grade again."""
        files = [exercise.path / "exercise.toml", exercise.checks, exercise.hidden_checks, exercise.notebook]
        texts = [path.read_text(encoding="utf-8") if path.is_file() else "" for path in files]
        how = f"{exercise.manifest.run.seeds_for(self.seeds)} {self.redraw} {self.sandbox}"
        return digest_of(self.salt, digest, exercise.id, __version__, how, *texts)


@dataclass(frozen=True)
class GradingFailure:
    """A notebook that could not be judged by a fault of ours: no verdict, and graded again next time."""

    person: str
    exercise: str
    reason: str


def parse_submission(exercise: str, content: bytes) -> ParsedSubmission:
    """A parsed from the bytes of a file, whatever they are."""
    digest = hashlib.sha256(content).hexdigest()
    try:
        notebook = parse(content)
    except NotebookError as error:
        return ParsedSubmission(exercise, digest, None, f"the file {error.what}")
    except MemoryError:
        return ParsedSubmission(exercise, digest, None, "the file takes more memory than the grader gives to read it")
    return ParsedSubmission(exercise, digest, Notebook(tuple(map(_bare, notebook.cells)), notebook.metadata))


def _bare(cell: Cell) -> Cell:
    source = cell.source if cell.kind == "code" else cell.source[:MOST_PROSE]
    return replace(cell, source=source, metadata={"tags": list(cell.tags)})


def graded(
    grader: Grader, catalog: Catalog, batch: LearnerBatch, options: GradingOptions
) -> Iterator[Graded | GradingFailure]:
    """Each notebook's verdict as it comes. The catalog is an unpacked one. In the end the person's box is gone.

    Every notebook's first run is handed in at once, its others when the first has shown that they are worth it: no core
    waits for another notebook's end, and no verdict for a notebook that hangs.
    """
    try:
        of: dict[Future[RunResult], NotebookGrading] = {}
        ended: SimpleQueue[Future[RunResult]] = SimpleQueue()  # as_completed waits forever for what stop() cancels

        def await_all(grading: NotebookGrading, runs: Sequence[Future[RunResult]]) -> None:
            for run in runs:
                of[run] = grading
                run.add_done_callback(ended.put)

        for parsed in batch.submissions:
            begun = _tried(
                batch.person, parsed, partial(NotebookGrading, grader, catalog, batch.person, parsed, options)
            )
            if isinstance(begun, GradingFailure):
                yield begun
            elif begun.runs:
                await_all(begun, begun.runs)
            else:
                yield _tried(batch.person, parsed, begun.result)
        while of:
            grading = of.pop(ended.get())
            more = _tried(batch.person, grading.parsed, grading.more)
            if isinstance(more, GradingFailure):
                yield more
            else:
                await_all(grading, more)
                if grading not in of.values():
                    yield _tried(batch.person, grading.parsed, grading.result)
    finally:
        grader.leave(batch.person)


def _tried(person: str, parsed: ParsedSubmission, work: Callable[[], T]) -> T | GradingFailure:
    """What comes of the work. What goes wrong with one notebook, of whatever kind, is no reason to stop for another."""
    try:
        return work()
    except ManifestError:  # the instructor fixes it, before anybody is graded
        raise
    except Exception as error:  # noqa: BLE001 - it is told, and costs nobody anything
        return GradingFailure(person, parsed.exercise, str(error) if isinstance(error, Fault) else repr(error))


def _is_hopeless(run: RunResult) -> bool:
    """Whether another seed would end alike: the notebook raises, or lacks what is asked of it."""
    return run.status == "raised" or (run.status == "no_answer" and run.detail.startswith(LACKS))


class NotebookGrading:
    """One notebook under way."""

    def __init__(
        self, grader: Grader, catalog: Catalog, person: str, parsed: ParsedSubmission, options: GradingOptions
    ) -> None:
        self._exercise = exercise = catalog.find(parsed.exercise)
        self._grader = grader
        self._person = person
        self.parsed = parsed
        self._key = options.key_of(exercise, parsed.digest)
        self._template = read(exercise.notebook)
        self._rebuilt: Rebuilt | None = None
        self._options = options
        self._left = exercise.manifest.run.seeds_for(options.seeds)
        self.runs: list[Future[RunResult]] = []
        if parsed.notebook:
            self._rebuilt = rebuild(*at_the_last_stage(self._template, parsed.notebook))
            self._submit(1)

    def more(self) -> Sequence[Future[RunResult]]:
        """The runs that follow the one that has ended: those of the other seeds, unless they would end as it did."""
        if not self._left or _is_hopeless(self.runs[0].result()):
            return ()
        return self._submit(len(self._left))

    def _submit(self, count: int) -> Sequence[Future[RunResult]]:
        assert self._rebuilt is not None
        seeds, self._left = self._left[:count], self._left[count:]
        exercise, notebook, person = self._exercise, self._rebuilt.notebook, self._person
        tasks = [(seed, self._options.task_of(exercise, seed)) for seed in seeds]
        runs = [self._grader.submit(exercise, notebook, seed, redraw=task, person=person) for seed, task in tasks]
        self.runs += runs
        return runs

    def result(self) -> Graded:
        """Wait for the runs and judge; Fault where one could not be made."""
        runs = [run.result() for run in self.runs]
        verdict = self._judged(runs)
        return Graded(
            person=self._person,
            exercise=self._exercise.id,
            digest=self.parsed.digest,
            key=self._key,
            verdict=record.to_text(verdict, shown_run(verdict)),
            outcome=verdict.outcome,
            score=verdict.score,
            seconds=sum(run.seconds for run in runs),
            hidden=self._grader.hidden_checks(self._exercise),
            fix=fix_of(self._template, self._rebuilt.notebook)[:MOST_FIX] if self._rebuilt else "",
        )

    def _judged(self, runs: list[RunResult]) -> Verdict:
        grader = self._grader
        verdict = judge(self._exercise, runs, engine=grader.engine, no_sandbox=grader.no_sandbox, rebuilt=self._rebuilt)
        # of a file that is no notebook nothing was run, and no hint helps
        return verdict if self._rebuilt else replace(verdict, next="", notes=(self.parsed.unread,))
