"""One program of an exercise, by its id, to be judged and looked at by itself."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bugkit.author.build import patched, shipped
from bugkit.author.generated import generated
from bugkit.author.proof_runs import Case, ProofRuns
from bugkit.author.surprises import steps_of
from bugkit.author.variants import Variant, variants
from bugkit.box.supply import Engine
from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.grader import Grader
from bugkit.judge import judge
from bugkit.notebook import Notebook, at_their_stage, difference, read, rebuild
from bugkit.verdict import Verdict

GENERATED = ("half:", "style:")


def names(exercise: Exercise) -> list[str]:
    """The ids of all programs: bugs alone, fixes, and what is generated, but for what is equivalent."""
    known = [bug.id for bug in exercise.bugs.bug] + [one.id for one in variants(exercise) if one.turn is None]
    made = generated(exercise, exercise.manifest.run.max_steps)
    return list(dict.fromkeys([*known, *(one.id for one in made.programs), *made.equivalent]))


def program(exercise: Exercise, name: str, proof: ProofRuns | None = None) -> Notebook:
    """The notebook of this id, or of this file; UsageError names the nearest id where there is none.

    Half fixes are made for as many steps as the solution takes, which is run by ``proof`` for that.
    """
    if name.endswith(".ipynb"):
        return rebuild(*at_their_stage(shipped(exercise), read(Path(name)))).notebook
    for bug in exercise.bugs.bug:
        if bug.id == name:
            return patched(exercise, read(exercise.solution), [bug])
    found = [one.notebook for one in variants(exercise) if one.id == name]
    if not found and name.startswith(GENERATED):
        counted = name.startswith("half:") and proof is not None
        steps = steps_of(exercise, proof) if counted and proof else exercise.manifest.run.max_steps
        made = generated(exercise, steps, whole=True)
        found = [one.notebook for one in made.programs if one.id == name]
    if found:
        return found[0]
    near = difflib.get_close_matches(name, names(exercise), n=1, cutoff=0.0)
    raise UsageError(
        f"{exercise.id} has no program {name!r}",
        evidence=[f"the nearest is {one!r}" for one in near],
        next_command=f"bugkit author try {exercise.id} --list",
    )


def trial(exercise: Exercise, name: str, seeds: Sequence[int], *, engine: Engine | None = None) -> Verdict:
    """The verdict on one program, as ``verify`` has it: with hidden checks, and redrawn tasks for odd seeds.

    Lines are counted from the notebook that is shipped.
    """
    with Grader(engine, hidden=True) as warm:
        proof = ProofRuns(warm, lambda *_: None)
        notebook = program(exercise, name, proof)
        variant = Variant("style", name, notebook)
        runs = proof.results([Case(exercise, variant, seed) for seed in seeds])
        verdict = judge(
            exercise,
            [runs[exercise.id, variant, seed] for seed in seeds],
            engine=warm.engine,
            no_sandbox=warm.no_sandbox,
            rebuilt=replace(rebuild(*at_their_stage(shipped(exercise), notebook)), notebook=notebook),
        )
    return replace(verdict, next=f"bugkit author try {exercise.id} {name} --show")


def shown(exercise: Exercise, name: str) -> Iterator[tuple[str, str]]:
    """How a program differs from the solution, line by line, with the kind of each line; new cells are all new."""
    solution, after = read(exercise.solution), program(exercise, name)
    yield from difference(solution, after)
    known = {cell.id for cell in solution.cells}
    for cell in after.cells:
        if cell.id not in known:
            yield f"cell {cell.id}, new", "cell"
            yield from ((f"  +{line}", "+") for line in cell.source.splitlines())
    gone = known - {cell.id for cell in after.cells}
    yield from ((f"cell {cell.id}, gone", "cell") for cell in solution.cells if cell.id in gone and cell.kind == "code")
