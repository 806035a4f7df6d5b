"""The rubric: what an interview is worth, in points out of 100. Published in ``docs/interview.md``. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BUGS, TESTS, HYPOTHESES, PROGRESS, ORDER, EXTENSION = 45, 15, 10, 5, 5, 20
MOST_BOUGHT, MOST_REGRESSIONS, MOST_BLIND = 20, 9, 5
REGRESSION, BLIND = 3, 1
LINE, REASON = 15, 10  # of each listing of a screen
PRICES = {"plot": 1, "layers": 2, "sentence": 4}
NUDGES = (3, 5, 8)  # the first, the second, each after it
WORDS = ((85, "excellent"), (70, "strong"), (50, "solid"), (30, "mixed"), (0, "a beginning"))


@dataclass(frozen=True)
class Played:
    """What counts of an interview with a notebook."""

    bugs: int
    gone: tuple[int, ...]  # bugs that are gone in the end, by their places: those that the loss shows come first
    loud: int  # how many of the bugs the loss shows
    order: tuple[int, ...] = ()  # the bugs in the order in which they went
    at_once: bool = False  # whether all of several went at one check
    checks: int = 0
    hypotheses: int = 0  # checks before which one was written down
    forward: int = 0  # of these, how many saw a bug go, or more of the extension hold
    tests: int = 0  # bugs that a test of the candidate's isolates
    regressions: int = 0  # checks that saw something break, or a bug come back
    blind: int = 0  # checks of a notebook that was not changed since the last one
    bought: int = 0  # points
    extension: float | None = None  # share of what it asks for that holds; None where there is none


@dataclass(frozen=True)
class Points:
    """One line of the account."""

    what: str
    points: float
    of: float
    why: str


def account(played: Played) -> list[Points]:
    """Line by line. Without an extension its points go to the bugs and the tests."""
    has_extension = played.extension is not None
    for_bugs, for_tests = (BUGS, TESTS) if has_extension else (BUGS + 15, TESTS + 5)
    gone, bugs, checks = len(played.gone), max(played.bugs, 1), played.checks
    lines = [
        Points("bugs", for_bugs * gone / bugs, for_bugs, f"{gone} of {played.bugs} are gone"),
        Points(
            "tests",
            for_tests * played.tests / bugs,
            for_tests,
            f"tests of yours isolate {played.tests} of {played.bugs} bugs",
        ),
        Points(
            "hypotheses",
            HYPOTHESES * (played.hypotheses / checks if checks else 0),
            HYPOTHESES,
            f"before {played.hypotheses} of {checks} checks you said what you think",
        ),
        Points(
            "progress",
            PROGRESS * (played.forward / played.hypotheses if played.hypotheses else 0),
            PROGRESS,
            f"{played.forward} of {played.hypotheses} checks with a hypothesis led further",
        ),
        Points("order", *_order(played)),
    ]
    if played.extension is not None:
        share = played.extension
        why = f"{share:.0%} of what it asks for holds" if share else "nothing of it holds yet"
        lines.append(Points("extension", EXTENSION * share, EXTENSION, why))
    return [*lines, *_deducted(played)]


def _order(played: Played) -> tuple[float, float, str]:
    """Simple to hard: what the loss shows goes before what it does not show."""
    pairs = [(a, b) for i, a in enumerate(played.order) for b in played.order[i + 1 :]]
    mixed = [(a, b) for a, b in pairs if (a < played.loud) != (b < played.loud)]
    right = sum(a < played.loud for a, _ in mixed)
    if not played.order:
        return 0, ORDER, "no bug is gone"
    if played.at_once:
        return 0, ORDER, "all went at once"
    if not mixed:
        return ORDER * len(played.gone) / max(played.bugs, 1), ORDER, "no bug had to wait for another"
    why = f"in {right} of {len(mixed)} pairs, what the loss shows went first"
    return ORDER * right / len(mixed), ORDER, why


def _deducted(played: Played) -> list[Points]:
    out = []
    if played.bought:
        out.append(Points("bought", -min(played.bought, MOST_BOUGHT), 0, "answers that you asked for"))
    if played.regressions:
        worth = min(REGRESSION * played.regressions, MOST_REGRESSIONS)
        out.append(Points("regressions", -worth, 0, f"{played.regressions} checks saw something break that had held"))
    if played.blind:
        worth = min(BLIND * played.blind, MOST_BLIND)
        out.append(Points("blind checks", -worth, 0, f"{played.blind} checks of a notebook that had not changed"))
    return out


def screened(looks: Sequence[tuple[bool, bool]]) -> list[Points]:
    """Of a screen: for each listing, whether the line was found, and whether the reason was said."""
    lines, reasons = sum(line for line, _ in looks), sum(line and reason for line, reason in looks)
    count = len(looks)
    return [
        Points("lines", LINE * lines, LINE * count, f"{lines} of {count} listings"),
        Points("reasons", REASON * reasons, REASON * count, f"{reasons} of {count} listings"),
    ]


def total(lines: Sequence[Points]) -> int:
    """From 0 to 100."""
    return round(min(100.0, max(0.0, sum(line.points for line in lines))))


def word(points: int) -> str:
    """In a word."""
    return next(name for least, name in WORDS if points >= least)


def in_words() -> list[tuple[str, str, str]]:
    """The table: what, how many points, and what for. `docs/interview.md` has the reasons."""
    return [
        ("bugs", f"{BUGS}", "for each bug that is gone in the end"),
        ("tests", f"{TESTS}", "for bugs that cells of yours find, each alone"),
        ("hypotheses", f"{HYPOTHESES}", "for checks before which you said your hypothesis"),
        ("progress", f"{PROGRESS}", "for those of them that led further"),
        ("order", f"{ORDER}", "what the loss shows goes first"),
        ("extension", f"{EXTENSION}", "when the program works"),
        ("bought", f"to -{MOST_BOUGHT}", "what you asked for"),
        ("regressions", f"-{REGRESSION} each", "something broke that held, or a bug came back"),
        ("blind checks", f"-{BLIND} each", "checks of an unchanged notebook"),
    ]


def nudge_price(before: int) -> int:
    """What the next nudge costs, after so many."""
    return NUDGES[min(before, len(NUDGES) - 1)]
