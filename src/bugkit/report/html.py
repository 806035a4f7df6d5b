"""A verdict as HTML: a fragment for a notebook's cell, a page for a browser. No scripts, and nothing from elsewhere.

What a notebook says is cleaned, escaped and never made into a link.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from bugkit.report import curve, geometry, phrases
from bugkit.report.sanitize import sanitize, sanitize_code
from bugkit.verdict import Verdict

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).with_name("templates")
# of a mark, where none is seen
SPOKEN = {"passed": "passed", "failed": "failed", "error": "not judged", "undecided": "undecided"}
COMMAND = "bugkit "
BACKTICKS = re.compile("`([^`]+)`")

Difference = Sequence[tuple[str, str]]  # lines, each with its kind: "cell", "-", "+" or ""


def fragment(verdict: Verdict, *, button: str = "") -> str:
    """For a notebook's cell: its styles hold for this element only, and the next command is a magic.

    Where a ``button`` names the behaviors, it is told of instead of the command that does.
    """
    view = _view(verdict, magic="%", button=button)
    return environment().get_template("cell.html").render(verdict=view, style=style())


def page(*verdicts: Verdict, heading: str = "", differences: Mapping[str, Difference] = MappingProxyType({})) -> str:
    """One file with everything in it, one verdict after the other, below a heading where there is one.

    Each is found by its exercise as the fragment of the address; ``differences`` are shown with them, by exercise.
    """
    views = [
        _view(verdict) | {"anchor": verdict.exercise, "difference": differences.get(verdict.exercise, ())}
        for verdict in verdicts
    ]
    return (
        environment()
        .get_template("page.html")
        .render(views=views, heading=heading, style=style(), digest=digest(style()))
    )


def digest(text: str) -> str:
    """How a page's policy names the one style or script that it lets in."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def told(title: str, markdown: str, difference: Difference = (), more: Sequence[tuple[str, str]] = ()) -> str:
    """For a notebook's cell: what bugkit tells besides a verdict, from an author's Markdown.

    ``more`` are headings with Markdown, which a click opens.
    """
    from markdown_it import MarkdownIt

    drawn = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image").render
    closed = [(heading, drawn(text)) for heading, text in more]
    template = environment().get_template("told.html")
    return template.render(title=title, body=drawn(markdown), difference=difference, more=closed, style=style())


def _view(verdict: Verdict, magic: str = "", button: str = "") -> dict[str, object]:
    """What the template shows; the sentences are made in ``phrases`` and ``curve``, the coordinates in ``geometry``."""
    target, shown = verdict.target, curve.curve_of(verdict)
    command, follows = verdict.next.startswith(COMMAND), verdict.next
    return {
        "outcome": verdict.outcome,
        "word": phrases.OUTCOMES[verdict.outcome],
        "exercise": verdict.exercise,
        "title": phrases.title(verdict),
        "wanted": phrases.wanted(target),
        "runs": [_run(verdict, number) for number in range(len(verdict.runs))],
        "still_there": phrases.STILL_THERE if phrases.is_still_there(verdict) else "",
        "raising": phrases.raising(verdict),
        "curve_title": phrases.recorded(target, shown.seed) if shown else "",
        "curve_unit": target.of_curve.unit,
        "plot": geometry.plot(shown, target) if shown else None,
        "in_words": curve.in_words(shown, target) if shown else "",
        "peculiar": list(curve.peculiarities(shown)) if shown else [],
        "symptoms": [symptom.text for symptom in verdict.symptoms],
        "checks": verdict.checks,
        "behaviors": [magic + text if text.startswith(COMMAND) else text for text in phrases.behaviors(verdict, button)]
        if verdict.behaviors
        else [],
        "walls": phrases.walls(verdict),
        "cells": list(phrases.cells(verdict)),
        "next": magic + follows if command else follows,
        "next_is_command": command,
        "anchor": "",
        "difference": (),
    }


def _run(verdict: Verdict, number: int) -> dict[str, object]:
    run, target = verdict.runs[number], verdict.target
    is_judged = run.status == "ok"
    return {
        "seed": run.seed,
        "outcome": "passed" if run.converged else "failed" if is_judged else "error",
        "trouble": "" if is_judged else phrases.trouble(run),
        "loss": phrases.loss(run),
        "effort": phrases.effort(run, target),
        "gauge": geometry.gauge(run, target),
    }


def _code(text: str) -> Markup:
    """Escaped, with what stands between backticks as code."""
    from markupsafe import Markup, escape

    return Markup(BACKTICKS.sub(r"<code>\1</code>", str(escape(text))))


@cache
def environment() -> Environment:
    """The templates of this folder; they escape everything."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"sanitize": sanitize, "sanitize_code": sanitize_code, "code": _code}
    environment.globals |= {"phrases": phrases, "MARKS": phrases.MARKS, "SPOKEN": SPOKEN}
    return environment


@cache
def style() -> str:
    """What every page and cell looks like."""
    return (TEMPLATES / "style.css").read_text(encoding="utf-8")
