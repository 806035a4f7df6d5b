"""Gradescope's autograder: a zip file with bugkit and a course's exercises in it, and what it does on their machine.

Gradescope unpacks it to /autograder/source, runs setup.sh once, and run_autograder for every submission, which lies
in /autograder/submission; the score is read from /autograder/results/results.json.
"""

from __future__ import annotations

import importlib.metadata
import io
import secrets
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bugkit.classroom.batch import GradingOptions
from bugkit.classroom.course import Course
from bugkit.classroom.exports import to_gradescope
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.grading import Grading, GradingSummary
from bugkit.classroom.identity import Person
from bugkit.classroom.local import LocalExecutor
from bugkit.classroom.pack import packed, unpacked
from bugkit.classroom.scratch import scratch
from bugkit.classroom.standing import Standing, standings
from bugkit.errors import Fault
from bugkit.exercise import Catalog, Exercise
from bugkit.notebook import read, sealed
from bugkit.templates import template

PACKAGE = Path(__file__).resolve().parents[1]
EXECUTABLE, READABLE = 0o755 << 16, 0o644 << 16  # Unix rights, where zip files keep them
OTHERS = "others"  # in the catalog: notebooks of exercises that are not graded, to be told from those that are
PERSON = "submission"
NUMBERS = ("numpy", "torch")
SETUP = """#!/usr/bin/env bash
# Once, when the autograder is built: a Python that is new enough, and what bugkit needs.
set -euo pipefail
apt-get update
for python in python3.13 python3.12 python3.11; do
  apt-get install -y --no-install-recommends "$python" "$python-venv" && break
done
"$python" -m venv /autograder/venv
/autograder/venv/bin/pip install -r /autograder/source/requirements.txt
"""
RUN = """#!/usr/bin/env bash
# For every submission. AUTOGRADER and PYTHON may be set elsewhere than on Gradescope.
set -euo pipefail
home="${AUTOGRADER:-/autograder}"
cd "$home/source"
PYTHONPATH="$home/source" "${PYTHON:-/autograder/venv/bin/python}" -m bugkit --catalog "$home/source/catalog" \\
  class autograde "$home/submission" "$home/results/results.json"
"""
SCRIPTS = {"setup.sh": SETUP, "run_autograder": RUN}


def zipped(exercises: Sequence[Exercise], others: Sequence[Exercise] = ()) -> bytes:
    """The zip file's bytes; ``others`` are exercises that are not graded, whose notebooks may be handed in as well."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in _members(exercises, others):
            info = zipfile.ZipInfo(name)  # without a time: the same exercises make the same bytes
            info.external_attr = EXECUTABLE if name in SCRIPTS else READABLE
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _members(exercises: Sequence[Exercise], others: Sequence[Exercise]) -> Iterator[tuple[str, bytes]]:
    for name, script in SCRIPTS.items():
        yield name, script.encode()
    yield "requirements.txt", "".join(f"{line}\n" for line in _requirements()).encode()
    for path in sorted(PACKAGE.rglob("*")):
        inside = path.relative_to(PACKAGE)
        if path.is_file() and not {"__pycache__", "catalog"} & set(inside.parts):
            yield f"bugkit/{inside.as_posix()}", path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed(exercises))) as pack:
        for name in pack.namelist():
            yield f"catalog/{name}", pack.read(name)
    for other in others:
        yield f"catalog/{OTHERS}/{other.id}.ipynb", sealed(template(other)).to_json().encode()


def graded_alone(given: Catalog, submission: Path, points: float) -> str:
    """Grade what one person handed in, and say it in Gradescope's words.

    In Gradescope's container there may be no second wall: then the results say so. Where a notebook could not be
    judged by a fault of ours there are no results but a Fault: Gradescope tells the instructor, and no score is set.
    """
    with scratch() as folder:
        place = Path(folder)
        pack = packed(list(given))
        others = {path.stem: read(path) for path in sorted((given.root / OTHERS).glob("*.ipynb"))}
        options = GradingOptions(salt=secrets.token_hex(8), sandbox=None)
        catalog = unpacked(pack, place / "catalog")
        with Gradebook(str(place / "grades.db")) as book:
            grading = Grading(book, catalog, options, others=others, person=PERSON)
            summary = grading.run(submission, LocalExecutor(pack, options), lambda *_: None)
            if summary.failed:
                evidence = [f"{failed.exercise}: {failed.reason}" for failed in summary.failed]
                raise Fault("not every notebook could be judged", evidence=evidence, next_command="grade it again")
            mine = list(standings(book, list(catalog), Course(), [Person(PERSON, PERSON)]))
        return to_gradescope(mine, points, said=list(_said(summary, mine)))


def _said(summary: GradingSummary, mine: Sequence[Standing]) -> Iterator[str]:
    """What there is to know besides the verdicts."""
    yield from (f"{place}: {reason}" for place, reason in summary.troubles)
    yield from (f"Not graded here: a notebook of {exercise}." for exercise in sorted(summary.elsewhere))
    walls = {one.verdict.no_sandbox for one in mine if one.verdict}
    yield from (f"Graded with limits only, in no sandbox: {reason}." for reason in sorted(walls) if reason)


def _requirements() -> Iterator[str]:
    """What the installed bugkit needs to grade a class, extras of other uses left out.

    Of what numbers depend on it is the version that is installed here, without the name of its build.
    """
    for line in importlib.metadata.requires("bugkit") or ():
        need, _, when = line.partition(";")
        name = need.partition(">")[0].strip()
        if name in NUMBERS:
            yield f"{name}=={importlib.metadata.version(name).partition('+')[0]}"
        elif "extra ==" not in when or "'class'" in when or '"class"' in when:
            yield need.strip() if "extra" in when else line
