"""What a candidate may ask for, and pays."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bugkit.errors import BugkitError
from bugkit.exercise import Exercise
from bugkit.grader import Grader, check
from bugkit.interview.rubric import PRICES, nudge_price
from bugkit.templates import template
from bugkit.verdict import CheckResult, Verdict

if TYPE_CHECKING:
    from bugkit.interview.room import Room

MEASURED = {"plot": "check_plot", "layers": "check_layers"}


class NothingToTellError(BugkitError):
    """The answer cannot be had of this notebook as it is; nothing was paid."""

    exit_code = 1


def answer(room: Room, what: str, warm: Grader | None) -> Mapping[str, Any]:
    """The answer and its price."""
    if what == "nudge":
        return _nudge(room)
    made = _measuring(room.exercise)
    verdict = check(made, room.exercise.notebook, template=template(room.exercise), seeds=[0], grader=warm)
    if what == "sentence":
        return {"cost": PRICES[what], "text": _sentence(room, verdict)}
    found = _result(verdict, MEASURED[what])
    if found is None or found.outcome != "failed":
        why = found.message if found else verdict.runs[0].detail
        raise NothingToTellError(f"{what}: it cannot be measured", evidence=[why or "the notebook did not run"])
    numbers = json.loads(found.message)
    return {"cost": PRICES[what], "text": _in_short(what, numbers), **numbers}


def _in_short(what: str, numbers: Mapping[str, Any]) -> str:
    """What a measurement says, in a line."""
    if what == "plot":
        rate, norm = (_ends(numbers[name]) for name in ("rate", "norm"))
        return f"learning rate {rate}, norm of the gradients {norm}"
    known = [(last, name) for name, _, _, last in numbers["layers"] if last is not None]
    if not known:
        return "the last step moves no layer by a finite number"
    (least, one), (most, other) = min(known), max(known)
    return f"the last step moves {one} least, by {least:.2%}, and {other} most, by {most:.2%}"


def _ends(values: Sequence[float]) -> str:
    return f"{values[0]:.3g} to {values[-1]:.3g}" if values else "no finite number"


def _measuring(made: Exercise) -> Exercise:
    """The same exercise with measurements among its checks."""
    folder = made.path.with_name(f"{made.id}m_measured")
    if not folder.is_dir():
        shutil.copytree(made.path, folder)
        path = folder / "checks.py"
        names = ", ".join(MEASURED.values())
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\nfrom bugkit.interview.measured import {names}\n")
    return replace(made, path=folder)


def _sentence(room: Room, verdict: Verdict) -> str:
    """What one check says that fails and was not told yet."""
    before = {one.body.get("text") for one in room.of("ask")}
    failed = [one for one in verdict.checks if one.outcome == "failed" and one.name not in MEASURED.values()]
    for one in failed:
        text = f"{one.sentence} This does not hold: {one.message}."
        if text not in before:
            return text
    why = "every check that fails was told" if failed else "every check that can be made holds"
    raise NothingToTellError("there is no sentence to tell", evidence=[why])


def _nudge(room: Room) -> Mapping[str, Any]:
    """The next hint on the first bug that is still there, as of the last check."""
    bugs, checks = room.broken.bugs, room.of("check")
    gone = checks[-1].body["gone"] if checks else []
    before = [one.body for one in room.of("ask") if one.body["what"] == "nudge"]
    for place, bug in enumerate(bugs):
        level = sum(one["bug"] == place for one in before)
        hints = bug.planted.kind.manifest.hint
        if place not in gone and level < len(hints):
            text = bug.planted.told(hints[level].text)
            return {"cost": nudge_price(len(before)), "bug": place, "level": level + 1, "text": text}
    raise NothingToTellError("there is no nudge left", evidence=["every bug that is still there was told in full"])


def _result(verdict: Verdict, name: str) -> CheckResult | None:
    return next((one for one in verdict.checks if one.name == name), None)
