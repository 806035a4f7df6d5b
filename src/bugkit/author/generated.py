"""Generated programs: half fixes, which must fail, and styles, which must pass."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from bugkit.author.build import patched, shipped
from bugkit.author.draft import Draft
from bugkit.author.halves import half_fixes
from bugkit.author.styles import in_all_styles, in_one_style
from bugkit.author.traps import trapped
from bugkit.author.variants import Variant
from bugkit.errors import ManifestError
from bugkit.exercise import Exercise
from bugkit.notebook import Notebook, read, stage_of

MOST_VALID = 4  # valid fixes that are written in another style
ONE_IN = 10  # programs may be called equivalent


@dataclass(frozen=True, slots=True)
class Generated:
    """All generated programs of an exercise."""

    programs: tuple[Variant, ...]  # without those that are equivalent
    skipped_half_fixes: int  # rewrites that do not apply
    skipped_styles: int
    equivalent: tuple[str, ...] = ()

    def of(self, kind: str) -> list[Variant]:
        """The half fixes or the styles."""
        return [one for one in self.programs if one.kind == kind]


def generated(exercise: Exercise, steps: int, *, whole: bool = False) -> Generated:
    """The programs, for a training of so many steps; ManifestError for an ``[[equivalent]]`` that is none of them.

    With ``whole`` those that are equivalent are among the programs.
    """
    made = list(_made(exercise, steps))
    programs = [one for _, _, one in made if one]
    equivalent = {one.id for one in exercise.bugs.equivalent}
    _refuse_unknown(exercise, equivalent, [one.id for one in programs])
    if len(equivalent) * ONE_IN > len(programs):
        raise ManifestError(
            f"{exercise.id}: too many programs are called equivalent",
            evidence=[f"found {len(equivalent)} of {len(programs)}, expected at most one in {ONE_IN}"],
            next_command=f"edit {exercise.solution_path / 'bugs.toml'}",
        )
    skipped = [kind for kind, _, one in made if one is None]
    kept = tuple(one for one in programs if whole or one.id not in equivalent)
    return Generated(kept, skipped.count("half"), skipped.count("style"), tuple(sorted(equivalent)))


def trap(half: Variant) -> Variant | None:
    """The half fix that raises where its bug matters, which passes if it is never met; None where it cannot."""
    notebook = trapped(half.notebook)
    return Variant("half", f"{half.id}:trapped", notebook) if notebook else None


def _made(exercise: Exercise, steps: int) -> Iterator[tuple[str, str, Variant | None]]:
    """Kind, id and program, None where a rewrite does not apply."""
    solution = read(exercise.solution)
    start = Draft.of(exercise, solution, steps)
    for bug in exercise.bugs.bug:
        broken = Draft.of(exercise, patched(exercise, solution, [bug]), steps)
        for choice, draft in (half_fixes(start, broken) or {"none": None}).items():
            yield _program("half", f"half:{bug.id}:{choice}", draft.notebook if draft else None, solution)
    for name, draft in in_all_styles(start).items():
        yield _program("style", f"style:{name}", draft.notebook if draft else None, solution)
    yield from _styled_fixes(exercise, solution, steps)


def _styled_fixes(exercise: Exercise, solution: Notebook, steps: int) -> Iterator[tuple[str, str, Variant | None]]:
    """Some valid fixes of the last stage, each in a style of its own."""
    notebooks = {"shipped": shipped(exercise), "solution": solution}
    fixes = exercise.bugs.valid_fix[:: max(1, -(-len(exercise.bugs.valid_fix) // MOST_VALID))]
    for turn, fix in enumerate(fixes):
        fixed = patched(exercise, notebooks[fix.on], [fix])
        touched = Notebook(tuple(c for c in fixed.cells if c.id in {edit.cell for edit in fix.edits}))
        if stage_of(touched) != stage_of(solution):
            continue
        number = sum(map(ord, exercise.id)) + 5 * turn  # other styles in other exercises
        found = in_one_style(Draft.of(exercise, fixed, steps), number)
        name = f"style:{found[0] if found else 'none'}:{fix.id}"
        yield _program("style", name, found and found[1].notebook, fixed)


def _program(kind: str, name: str, notebook: Notebook | None, before: Notebook) -> tuple[str, str, Variant | None]:
    locked = [cell for cell in before.cells if cell.locked]
    if notebook is None or [cell for cell in notebook.cells if cell.locked] != locked:
        return kind, name, None
    return kind, name, Variant("half" if kind == "half" else "style", name, notebook)


def _refuse_unknown(exercise: Exercise, named: set[str], known: list[str]) -> None:
    for name in sorted(named - set(known)):
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        raise ManifestError(
            f"{exercise.id}: [[equivalent]] names no generated program",
            evidence=[f"found {name!r}", *(f"the nearest is {one!r}" for one in near)],
            next_command=f"bugkit author try {exercise.id} --list",
        )
