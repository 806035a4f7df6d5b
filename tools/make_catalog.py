"""Write ``docs/catalog.md`` from the manifests and the evidence: ``python tools/make_catalog.py``.

It tells what a learner may know beforehand: the symptom, never the cause.
"""

from itertools import groupby
from pathlib import Path

from bugkit.author import evidence
from bugkit.exercise import Catalog, Exercise

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "catalog.md"
HEAD = """# The exercises

Made from the manifests and the evidence by `python tools/make_catalog.py`. Difficulty is from 1 to 5. The margin is how
far the worst loss of any correct program, over all seeds, stays below the wanted level, as a share of that level.
"""
COLUMNS = "| exercise | title | symptom | difficulty | minutes | wrong fixes caught | right fixes passed | margin |"
RULE = "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |"


def page(catalog: Catalog) -> str:
    """The whole text."""
    parts = [HEAD]
    for track, exercises in groupby(catalog, key=lambda exercise: exercise.manifest.track):
        parts += [f"\n## {track.replace('-', ' ').capitalize()}\n", COLUMNS, RULE, *map(row, exercises)]
    return "\n".join(parts) + "\n"


def row(exercise: Exercise) -> str:
    """One exercise."""
    manifest, proof = exercise.manifest, evidence.read(exercise)
    symptoms = ", ".join(dict.fromkeys(bug.symptom.replace("-", " ") for bug in exercise.bugs.bug))
    wrong = (*proof.partial_fixes, *proof.wrong_fixes)
    caught = f"{sum(not fix.sound for fix in wrong)} of {len(wrong)}"
    passed = f"{sum(fix.sound for fix in proof.valid_fixes)} of {len(proof.valid_fixes)}"
    margin = "" if proof.margin is None else f"{proof.margin:.0%}"
    cells = (exercise.id, manifest.title, symptoms, manifest.difficulty, manifest.minutes, caught, passed, margin)
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    PAGE.write_text(page(Catalog(ROOT)), encoding="utf-8")
