"""Proofs of kinds: each put into each program where it fits, one alone and then several at once."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from bugkit.author.combinations import FEW, MANY, MOST, drawn, parts
from bugkit.author.fingerprint import fingerprint
from bugkit.author.generated import Generated, generated
from bugkit.author.journal import Journal
from bugkit.author.proof_runs import Case, OnProgress, ProofRuns
from bugkit.author.surprises import judged, unmet_among
from bugkit.author.variants import Variant
from bugkit.errors import ManifestError
from bugkit.exercise import Exercise
from bugkit.fresh.evidence import Proof, Whole
from bugkit.fresh.make import Folders, make
from bugkit.fresh.plant import Planted, planted
from bugkit.fresh.recipe import Recipe
from bugkit.grader import Grader, cores
from bugkit.kinds import Kind, kind
from bugkit.kinds.source import Source
from bugkit.notebook import Cell, Notebook, apply, read
from bugkit.verdict import CheckResult, RunResult

SEEDS = range(6)
FAR = 0.05  # of the band's end: a loss that fails lies so far above it, on every seed
IN_TRAINING = re.compile(r"-(step|epoch|tenth)$")  # choices of a half fix that only a training can meet
TEST = "test"  # id of the cell that a kind's test is put in


class NotProvedError(Exception):
    """A recipe that is not offered, and why."""


@dataclass
class Bench:
    """Where proofs are made: exercises are written to a folder of their own, runs are kept in a journal."""

    folders: Folders
    grader: Grader
    on_progress: OnProgress
    journal: Journal | None = None
    told: list[str] = field(default_factory=list)  # why something is not offered, in sentences

    @property
    def proof(self) -> ProofRuns:
        """What makes the runs."""
        return ProofRuns(self.grader, self.on_progress, self.journal)

    # ---- programs without a bug

    def whole(self, source: Source, kinds: Sequence[Kind]) -> Whole | None:
        """A program with the checks of all kinds at once, in all its forms. None where it does not pass by itself."""
        places = ((one, site) for one in kinds for site in one.sites(source.program))
        first, site = next(places)  # an exercise has a bug; no run here meets it
        bugs = planted(source, Recipe(source.id, ((first.id, site.id),)))
        exercise = make(self.folders, f"w{source.id}0", source, bugs, kinds=kinds)
        right = Variant("solution", "solution", source.notebook)
        valid = [Variant("valid", name, notebook) for name, notebook in source.valid()]
        steps = self.proof.results([Case(exercise, right, 0)])[exercise.id, right, 0].steps
        styles = generated(exercise, steps).of("style")
        cases = [Case(exercise, right, seed) for seed in SEEDS]
        cases += [Case(exercise, one, number % len(SEEDS)) for number, one in enumerate([*valid, *styles])]
        results = self.proof.results(cases)
        own = [results[exercise.id, right, seed] for seed in SEEDS]
        refused = self._refused(kinds, {case.label: results[case.key] for case in cases})
        if not all(run.converged for run in own):
            self.told.append(f"{source.id}: it does not pass by itself: {[run.detail or run.loss for run in own]}")
            return None
        losses = tuple(float(run.loss or 0) for run in own)
        return Whole(losses, len(valid), len(styles), own_kind(source), tuple(sorted(refused)))

    def _refused(self, kinds: Sequence[Kind], runs: dict[str, RunResult]) -> set[str]:
        """Kinds with a check that fails on what is right."""
        refused = set()
        for one in kinds:
            for label, run in runs.items():
                failed = [check for check in run.checks if check.outcome == "failed" and check.name in one.check_names]
                if failed:
                    refused.add(one.id)
                    self.told.append(f"{label}: {one.id}'s {failed[0].name} fails: {failed[0].message}")
        return refused

    # ---- programs with one, and with several

    def proofs(self, source: Source, recipes: Sequence[Recipe]) -> list[Proof]:
        """Those of the recipes that hold. As many are at work as there are cores: one alone often waits for one run."""
        with ThreadPoolExecutor(cores()) as pool:
            found = list(pool.map(lambda recipe: self.proof_of(source, recipe), recipes))
        return [proof for proof in found if proof]

    def proof_of(self, source: Source, recipe: Recipe) -> Proof | None:
        """The proof of a recipe, whose single bugs are proved where it has several; None, with the reason told."""
        try:
            return self._single(source, recipe) if len(recipe.bugs) == 1 else self._several(source, recipe)
        except (NotProvedError, ManifestError) as reason:
            names = " + ".join(f"{kind} at {site}" for kind, site in recipe.bugs)
            self.told.append(f"{recipe.program}: {names}: {reason}")
            return None

    def is_stale(self, source: Source, proof: Proof) -> bool:
        """Whether the program, or a kind in it, has changed since the proof."""
        try:
            exercise = make(self.folders, _folder_code(proof.recipe), source, planted(source, proof.recipe))
        except ManifestError:  # the place is not there any more
            return True
        return fingerprint(exercise) != proof.sources

    def _single(self, source: Source, recipe: Recipe) -> Proof:
        (one,) = bugs = planted(source, recipe)
        if source.is_shipped(one.edits):
            raise NotProvedError("this is the bug of the exercise itself")
        exercise = make(self.folders, _folder_code(recipe), source, bugs)
        runs = self._broken(exercise, source, bugs)
        self._test(exercise, source, one)
        return replace(
            as_put_in(Proof(recipe, fingerprint(exercise), _losses(runs), _caught_by(runs)), source, one),
            half_fixes=self._half_fixes(exercise, is_made_once=_is_made_once(source, recipe)),
        )

    def _several(self, source: Source, recipe: Recipe) -> Proof:
        bugs = planted(source, recipe)
        exercise = make(self.folders, _folder_code(recipe), source, bugs)
        runs = self._broken(exercise, source, bugs)
        for some in parts(bugs):
            self._broken(exercise, source, some, SEEDS if len(bugs) <= FEW else SEEDS[:1])
        return Proof(recipe, fingerprint(exercise), _losses(runs), _caught_by(runs))

    def _broken(
        self, exercise: Exercise, source: Source, bugs: Sequence[Planted], seeds: Sequence[int] = SEEDS
    ) -> list[RunResult]:
        """The runs with these bugs, all of which fail; NotProvedError else, after the first seed where that passes."""
        notebook = apply(source.notebook, [edit for one in bugs for edit in one.edits])
        names = "+".join(one.kind.id for one in bugs)
        broken = Variant("shipped", names, notebook)
        runs: list[RunResult] = []
        for some in (seeds[:1], seeds[1:]):
            found = self.proof.results([Case(exercise, broken, seed) for seed in some])
            runs += [found[exercise.id, broken, seed] for seed in some]
            if not all(_fails(exercise, run) for run in runs):
                raise NotProvedError(f"{names} does not fail on every seed: {_seen(runs)}")
        return runs

    def _test(self, exercise: Exercise, source: Source, bug: Planted) -> None:
        """NotProvedError where the kind's test does not tell the two programs apart."""
        code = bug.told(bug.kind.manifest.test).strip()
        right = Variant("valid", "test", with_test(source.notebook, code))
        wrong = Variant("wrong", "test", with_test(apply(source.notebook, bug.edits), code))
        runs = self.proof.results([Case(exercise, one, SEEDS[0]) for one in (right, wrong)])
        on_right, on_wrong = (runs[exercise.id, one, SEEDS[0]] for one in (right, wrong))
        if on_right.status != "ok":
            raise NotProvedError(f"its test fails on what is right: {on_right.detail}")
        error = on_wrong.error
        if on_wrong.status != "raised" or error is None or (error.cell, error.type) != (TEST, "AssertionError"):
            raise NotProvedError(f"its test does not find it: {on_wrong.status} {on_wrong.detail}")

    def _half_fixes(self, exercise: Exercise, *, is_made_once: bool) -> int:
        """How many were made, all of which fail; NotProvedError names those that pass.

        What is made once, before the training, cannot be right in a part of it: nobody writes such a half fix.
        """
        right = _solution(exercise)
        solution = self.proof.results([Case(exercise, right, seed) for seed in SEEDS[:3]])
        halves = [
            one
            for one in generated(exercise, solution[exercise.id, right, SEEDS[0]].steps).of("half")
            if not (is_made_once and IN_TRAINING.search(one.id))
        ]
        first = [Case(exercise, one, SEEDS[0]) for one in halves]
        later = [Case(exercise, one, seed) for one in halves for seed in SEEDS[1:3]]
        made, runs = Generated(tuple(halves), 0, 0), self.proof.until_failed(first, later)
        passed = [one for one in halves if one.id in judged(made, runs).half_fixes.wrong]
        unmet = unmet_among(exercise, passed, SEEDS[:3], self.proof)
        trained = {run.seed: (run.curve, run.loss) for run in solution.values()}
        for one in passed:  # in some loops, no round begins at a step where the bug would act
            seen = [runs[exercise.id, one, seed] for seed in SEEDS[:3]]
            if IN_TRAINING.search(one.id) and all(trained[run.seed] == (run.curve, run.loss) for run in seen):
                unmet.add(one.id)
        found = judged(made, runs, unmet=unmet).half_fixes
        if found.wrong:
            raise NotProvedError(f"its half fix passes: {', '.join(found.wrong)}")
        return found.made


def as_put_in(proof: Proof, source: Source, bug: Planted) -> Proof:
    """The proof of a single bug, with what was put in, so that it can be made again without libcst."""
    edits = tuple((edit.cell, edit.find, edit.replace) for edit in bug.edits)
    roles = source.roles.names
    return replace(proof, edits=edits, names={name: text for name, text in bug.names.items() if name not in roles})


def prove(
    bench: Bench, source: Source, kinds: Sequence[Kind], *, pairs: int, triples: int, larger: int = 0
) -> tuple[Whole, list[Proof]] | None:
    """Everything about one program: itself, each kind at each site, and some of them together."""
    fitting = [one for one in kinds if next(one.sites(source.program), None)]
    whole = bench.whole(source, fitting) if fitting else None
    if whole is None:
        return None
    offered = [one for one in fitting if one.id not in whole.refused]
    alone = [Recipe(source.id, ((one.id, site.id),)) for one in offered for site in one.sites(source.program)]
    singles = bench.proofs(source, alone)
    most = min(MOST, len({one.recipe.bugs[0][0] for one in singles}))
    sizes = ((2, pairs), (3, triples), (4, larger), (5, larger), *(((most, larger),) if most > MANY else ()))
    several = [recipe for size, count in sizes for recipe in drawn(source, singles, count, size)]
    return whole, [*singles, *bench.proofs(source, several)]


def prove_again(bench: Bench, source: Source, proofs: Sequence[Proof]) -> tuple[Whole, list[Proof]] | None:
    """These proofs of one program, made again; those of single bugs first."""
    names = {name for one in proofs for name, _ in one.recipe.bugs}
    whole = bench.whole(source, [kind(name) for name in sorted(names)])
    if whole is None:
        return None
    held = [one.recipe for one in proofs if not {name for name, _ in one.recipe.bugs} & set(whole.refused)]
    alone = bench.proofs(source, [recipe for recipe in held if len(recipe.bugs) == 1])
    lost = {recipe.bugs[0] for recipe in held if len(recipe.bugs) == 1} - {one.recipe.bugs[0] for one in alone}
    several = [recipe for recipe in held if len(recipe.bugs) > 1 and not lost & set(recipe.bugs)]
    return whole, [*alone, *bench.proofs(source, several)]


def with_test(notebook: Notebook, code: str) -> Notebook:
    """A notebook with one more cell, after the last that runs."""
    return notebook.with_last(Cell(TEST, "code", code))


def _is_made_once(source: Source, recipe: Recipe) -> bool:
    """Whether a bug stands outside of all functions and loops: what is made there is made once."""
    ((name, place),) = recipe.bugs
    site = kind(name).site(source.program, place)
    return any(line is site.line for line in source.program.trees[site.cell].body)


def own_kind(source: Source) -> str:
    """The kind of the bug that the program's exercise has, "" where it has several or one that is of no kind."""
    bugs = source.exercise.bugs.bug if source.exercise else []
    return bugs[0].kind or "" if len(bugs) == 1 else ""


def _folder_code(recipe: Recipe) -> str:
    return recipe.code("")


def _solution(exercise: Exercise) -> Variant:
    return Variant("solution", "solution", read(exercise.solution))


def _fails(exercise: Exercise, run: RunResult) -> bool:
    """Whether it runs to its end and fails by a check, or by a loss far from the band."""
    band = exercise.manifest.converge
    far = abs(band.below) * FAR
    loss = run.loss if run.loss is not None and math.isfinite(run.loss) else math.inf
    is_far = loss > band.below + far or loss < band.above - far
    return run.status == "ok" and (is_far or bool(_failed(run)))


def _failed(run: RunResult) -> list[CheckResult]:
    return [check for check in run.checks if check.outcome == "failed"]


def _caught_by(runs: Sequence[RunResult]) -> tuple[str, ...]:
    loud = ("convergence",) if not any(run.converged for run in runs) else ()
    names = [{check.name for check in _failed(run)} for run in runs]
    return (*loud, *sorted(set.intersection(*names)))


def _losses(runs: Sequence[RunResult]) -> tuple[float | None, ...]:
    return tuple(run.loss if run.loss is not None and math.isfinite(run.loss) else None for run in runs)


def _seen(runs: Sequence[RunResult]) -> str:
    last = runs[-1]
    told = [f"{run.loss:.3g}" if run.loss is not None else run.status for run in runs]
    return f"{', '.join(told)} {last.detail}".strip()
