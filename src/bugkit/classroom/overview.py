"""What the gradebook adds up to: the class page, and each learner's own."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from statistics import fmean, median

from bugkit.classroom import alike
from bugkit.classroom.course import Course
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.identity import display
from bugkit.classroom.standing import Standing, standings
from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.notebook.files import write_ours
from bugkit.report import course as class_page
from bugkit.report import html, words
from bugkit.verdict import Verdict

INDEX, PAGES = "index.html", "people"
PAGE = re.compile(r".+-[0-9a-f]{8}\.html")
COMMONEST = 4  # things that went wrong in an exercise
MOST_TEXTS = 4  # different ones that are shown of a group of fixes which are alike
A_HIDDEN_ONE = "a check that your instructor keeps to themselves does not hold yet"


def write_pages(
    folder: Path, gradebook: Gradebook, exercises: Sequence[Exercise], course: Course, *, force: bool = False
) -> Path:
    """The class page as ``index.html``, and a page for each learner in ``people``; the class page's path.

    The folder is new, empty, or that of an earlier report.
    """
    foreign = sorted({path.name for path in folder.iterdir()} - {INDEX, PAGES}) if folder.is_dir() else []
    if foreign:
        evidence = [f"found: {foreign[0]}", "wanted: a new folder, an empty one, or that of an earlier report"]
        raise UsageError(
            f"{folder} holds other things", evidence=evidence, next_command="bugkit class report NEW_FOLDER"
        )
    people = gradebook.people()
    by_person: dict[str, list[Standing]] = {person.id: [] for person in people}
    for one in standings(gradebook, exercises, course, people):
        by_person[one.person.id].append(one)
    names = display(people)
    rows = tuple(_row(names[person], mine) for person, mine in by_person.items())
    columns = tuple(_column(e, [mine[at] for mine in by_person.values()], names) for at, e in enumerate(exercises))
    when = datetime.now(UTC).strftime("%-d %B %Y, %H:%M UTC")
    pages = folder / PAGES
    for row, mine in zip(rows, by_person.values(), strict=True):
        write_ours(pages / row.page, learner_page(row.name, mine), force=force)
    for path in pages.glob("*.html") if pages.is_dir() else ():  # of a report that was here before
        if path.name not in {row.page for row in rows} and PAGE.fullmatch(path.name):
            path.unlink()
    index = folder / INDEX
    waiting = (*gradebook.troubles(), *_to_look_at(chain.from_iterable(by_person.values()), names))
    write_ours(index, class_page.page(class_page.Course(columns, rows, waiting, when)), force=force)
    return index


def learner_page(name: str, mine: Sequence[Standing]) -> str:
    """All verdicts of one learner, as they may see them."""
    shown = [verdict for one in mine if (verdict := as_shown(one))]
    passed = sum(one.outcome == "passed" for one in mine)
    return html.page(*shown, heading=f"{name}: {passed} of {len(mine)} passed")


def as_shown(one: Standing) -> Verdict | None:
    """A verdict without its hidden checks, and with a first hint where it was no pass; None where there is none."""
    verdict = one.verdict
    if verdict is None or one.grade is None or one.grade.graded is None:
        return None
    hidden = one.grade.graded.hidden
    notes = [*verdict.notes, *one.remarks(reasons=False)]
    sentences = [check.sentence.rstrip(".") for check in verdict.checks if check.name in hidden]
    if any(check.name in hidden and check.outcome == "failed" for check in verdict.checks):
        notes.append(A_HIDDEN_ONE)
    if verdict.outcome != "passed" and verdict.runs:  # what could not be read is not helped by a hint
        notes.append(f"a hint: {one.exercise.manifest.hint[0].text}")
    runs = tuple(
        replace(run, checks=tuple(check for check in run.checks if check.name not in hidden)) for run in verdict.runs
    )
    return replace(
        verdict,
        runs=runs,
        checks=tuple(check for check in verdict.checks if check.name not in hidden),
        symptoms=tuple(symptom for symptom in verdict.symptoms if not any(s in symptom.text for s in sentences)),
        notes=tuple(notes),
    )


def _to_look_at(all_of_them: Iterable[Standing], names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What an instructor may want to look at: what could not be judged or read, and what is older than its exercise."""
    for one in all_of_them:
        who = f"{names[one.person.id]}, {one.exercise.id}"
        if one.is_unreadable:
            yield who, "the text of its verdict cannot be read: grade it once more with --again"
        undecided = one.verdict.undecided if one.verdict and one.outcome == "passed" else ()
        if undecided:
            sentences = words.in_one(check.sentence for check in undecided)
            yield who, f"passed, and {words.count(len(undecided), 'check')} could not be judged: {sentences}"
        if one.outdated:
            yield who, "graded before the exercise was changed: grade it once more"


def _row(name: str, mine: Sequence[Standing]) -> class_page.Row:
    return class_page.Row(name, page_name(mine[0].person.id) if mine else "", tuple(map(_square, mine)))


def _square(one: Standing) -> class_page.Square:
    exercise, said = one.exercise.id, words.in_one(one.remarks())
    if one.verdict is None:
        says = f"{exercise}: {one.state}. {said}".rstrip(". ")
        return class_page.Square(None, one.score or 0.0, one.attempts, says, one.state)
    reasons = words.in_one(words.reasons(one.verdict))
    note = f" ({one.grade.submission.note})" if one.grade and one.grade.submission.note else ""
    score = one.score or 0.0
    says = f"{exercise}: {one.outcome}, score {score:.0%}. {reasons} {said}".strip() + note
    return class_page.Square(one.verdict.outcome, score, one.attempts, says, one.state, late=bool(one.late))


def _column(exercise: Exercise, standing: Sequence[Standing], names: Mapping[str, str]) -> class_page.Column:
    mine = [one for one in standing if one.grade]
    graded = {names[one.person.id]: one.grade.graded for one in mine if one.grade and one.grade.graded}
    verdicts = [one.verdict for one in mine if one.verdict]
    return class_page.Column(
        id=exercise.id,
        title=exercise.heading.title,
        handed_in=len(mine),
        passed=sum(one.outcome == "passed" for one in graded.values()),
        score=fmean(one.score for one in graded.values()) if graded else 0.0,
        attempts=median(one.attempts for one in mine) if mine else 0.0,
        seconds=median(one.seconds for one in graded.values()) if graded else 0.0,
        wrongs=tuple(_wrongs(verdicts)),
        checks=tuple(_checks(verdicts, {name for one in graded.values() for name in one.hidden})),
        alike=tuple(_alike({person: one.fix for person, one in graded.items()})),
    )


def _wrongs(verdicts: Sequence[Verdict]) -> Iterator[class_page.Wrong]:
    """The commonest of what went wrong: symptoms, and ends that left nothing to judge."""
    counts: Counter[str] = Counter()
    sentences: dict[str, str] = {}
    for verdict in verdicts:
        mine = {symptom.id: symptom.text for symptom in verdict.symptoms}
        mine |= {run.status.replace("_", " "): run.detail for run in verdict.runs if run.status != "ok"}
        if not verdict.runs:
            mine["not read"] = "; ".join(verdict.notes)
        counts.update(mine.keys())
        sentences = mine | sentences  # the first one's stays
    return (class_page.Wrong(name, count, sentences[name]) for name, count in counts.most_common(COMMONEST))


def _alike(fixes: Mapping[str, str]) -> Iterator[class_page.Alike]:
    """Groups of people, with what they wrote: the same text once."""
    for group in alike.groups(fixes):
        texts: dict[str, list[str]] = defaultdict(list)
        for person in group:
            texts[fixes[person]].append(person)
        shown = sorted(texts.items(), key=lambda one: -len(one[1]))[:MOST_TEXTS]
        yield class_page.Alike(group, tuple((tuple(people), text) for text, people in shown))


def _checks(verdicts: Sequence[Verdict], hidden: set[str]) -> Iterator[tuple[str, int, int, bool]]:
    """Each check with how many notebooks failed it, of how many that it was made of."""
    failed: dict[str, int] = defaultdict(int)
    made: dict[str, int] = defaultdict(int)
    sentences: dict[str, str] = {}
    for check in (check for verdict in verdicts for check in verdict.checks):
        sentences[check.name] = check.sentence
        made[check.name] += 1
        failed[check.name] += check.outcome == "failed"
    return ((sentences[name], failed[name], made[name], name in hidden) for name in made)


def page_name(person: str) -> str:
    """The name of a learner's page."""
    return f"{file_name(person)}.html"


def file_name(person: str) -> str:
    """A file's name that no person's name can lead out of the folder with, and no two share."""
    plain = re.sub(r"[^a-z0-9]+", "-", _unaccented(person).lower()).strip("-")[:40].rstrip("-")
    return f"{plain or 'person'}-{hashlib.sha256(person.encode()).hexdigest()[:8]}"


def _unaccented(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
