"""Where the runs of a proof are made: one after another in a grader, or taken from what was kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass

from bugkit.author.journal import Journal
from bugkit.author.variants import Variant
from bugkit.exercise import Exercise
from bugkit.grader import Grader
from bugkit.verdict import RunResult

OnProgress = Callable[[int, int, str], None]
Key = tuple[str, Variant, int]  # exercise, program, seed


@dataclass(frozen=True, slots=True)
class Case:
    """One run of the proof."""

    exercise: Exercise
    variant: Variant
    seed: int

    @property
    def key(self) -> Key:
        """What its result is found by."""
        return self.exercise.id, self.variant, self.seed

    @property
    def label(self) -> str:
        """As shown while it goes on."""
        return f"{self.exercise.id} {self.variant.id}, seed {self.seed}"

    def given_to(self, grader: Grader) -> Future[RunResult]:
        """Every second seed meets a redrawn task, as in a class, where the exercise can draw one."""
        redraw = self.seed if self.seed % 2 else None
        return grader.submit(self.exercise, self.variant.notebook, self.seed, redraw=redraw)


@dataclass(frozen=True)
class ProofRuns:
    """A grader, and what is told and kept of its runs."""

    grader: Grader
    on_progress: OnProgress
    journal: Journal | None = None

    def results(self, cases: Sequence[Case]) -> dict[Key, RunResult]:
        """The results of these runs; what the grader could not do ends it all."""
        results: dict[Key, RunResult] = {}
        for case in cases:
            found = self.journal.find(case.exercise, case.variant, case.seed) if self.journal else None
            if found is not None:
                results[case.key] = found
        futures = {case.given_to(self.grader): case for case in cases if case.key not in results}
        for done, future in enumerate(as_completed(futures), start=len(results) + 1):
            case = futures[future]
            result = results[case.key] = future.result()
            if self.journal:
                self.journal.keep(case.exercise, case.variant, case.seed, result)
            self.on_progress(done, len(cases), case.label)
        return results

    def until_failed(self, first: Sequence[Case], later: Sequence[Case]) -> dict[Key, RunResult]:
        """The results of the first cases, and of the later ones of programs that passed on any of the first."""
        results = self.results(first)
        passed = {(exercise, variant) for (exercise, variant, _), result in results.items() if result.passed}
        return results | self.results([case for case in later if (case.exercise.id, case.variant) in passed])
