"""What the gradebook adds up to: the class page, and each learner's own."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, median

from bugkit.classroom import alike
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.grades import Grade
from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.notebook.files import write_ours
from bugkit.report import course, html, words
from bugkit.verdict import Verdict

INDEX, PAGES = "index.html", "people"
PAGE = re.compile(r".+-[0-9a-f]{8}\.html")
COMMONEST = 4  # things that went wrong in an exercise
MOST_TEXTS = 4  # different ones that are shown of a group of fixes which are alike
A_HIDDEN_ONE = "a check that your instructor keeps to themselves does not hold yet"
Grades = Mapping[tuple[str, str], Grade]  # by person and exercise


def write_pages(folder: Path, gradebook: Gradebook, exercises: Sequence[Exercise], *, force: bool = False) -> Path:
    """The class page as ``index.html``, and a page for each learner in ``people``; the class page's path.

    The folder is new, empty, or that of an earlier report.
    """
    foreign = sorted({path.name for path in folder.iterdir()} - {INDEX, PAGES}) if folder.is_dir() else []
    if foreign:
        evidence = [f"found: {foreign[0]}", "wanted: a new folder, an empty one, or that of an earlier report"]
        raise UsageError(
            f"{folder} holds other things", evidence=evidence, next_command="bugkit class report NEW_FOLDER"
        )
    grades = {(one.submission.person, one.submission.exercise): one for one in gradebook.grades()}
    people = gradebook.people()
    rows = tuple(_row(person, exercises, grades) for person in people)
    columns = tuple(_column(exercise, people, grades) for exercise in exercises)
    when = datetime.now(UTC).strftime("%-d %B %Y, %H:%M UTC")
    pages = folder / PAGES
    for row in rows:
        write_ours(pages / row.page, learner_page(row.name, exercises, grades), force=force)
    for path in pages.glob("*.html") if pages.is_dir() else ():  # of a report that was here before
        if path.name not in {row.page for row in rows} and PAGE.fullmatch(path.name):
            path.unlink()
    index = folder / INDEX
    waiting = (*gradebook.troubles(), *_unseen(grades.values()))
    write_ours(index, course.page(course.Course(columns, rows, waiting, when)), force=force)
    return index


def learner_page(person: str, exercises: Sequence[Exercise], grades: Grades) -> str:
    """All verdicts of one learner, as they may see them."""
    mine = [grades.get((person, exercise.id)) for exercise in exercises]
    shown = [as_shown(grade, exercise) for grade, exercise in zip(mine, exercises, strict=True) if grade]
    passed = sum(grade is not None and grade.graded is not None and grade.graded.outcome == "passed" for grade in mine)
    return html.page(
        *(verdict for verdict in shown if verdict), heading=f"{person}: {passed} of {len(exercises)} passed"
    )


def as_shown(grade: Grade, exercise: Exercise) -> Verdict | None:
    """A verdict without its hidden checks, and with a first hint where it was no pass."""
    if grade.graded is None:
        return None
    verdict, hidden = grade.graded.read, grade.graded.hidden
    notes = list(verdict.notes)
    if any(check.name in hidden and check.outcome == "failed" for check in verdict.checks):
        notes.append(A_HIDDEN_ONE)
    if verdict.outcome != "passed" and verdict.runs:  # what could not be read is not helped by a hint
        notes.append(f"a hint: {exercise.manifest.hint[0].text}")
    runs = tuple(
        replace(run, checks=tuple(check for check in run.checks if check.name not in hidden)) for run in verdict.runs
    )
    open_checks = tuple(check for check in verdict.checks if check.name not in hidden)
    return replace(verdict, runs=runs, checks=open_checks, notes=tuple(notes))


def _unseen(grades: Iterable[Grade]) -> Iterator[tuple[str, str]]:
    """What passed with checks that could not be judged, by learner and exercise, for the instructor to look at."""
    for grade in grades:
        undecided = grade.graded.read.undecided if grade.graded and grade.graded.outcome == "passed" else ()
        if undecided:
            sentences = words.in_one(check.sentence for check in undecided)
            what = f"passed, and {words.count(len(undecided), 'check')} could not be judged: {sentences}"
            yield f"{grade.submission.person}, {grade.submission.exercise}", what


def _row(person: str, exercises: Sequence[Exercise], grades: Grades) -> course.Row:
    squares = tuple(_square(exercise.id, grades.get((person, exercise.id))) for exercise in exercises)
    return course.Row(person, page_name(person), squares)


def _square(exercise: str, grade: Grade | None) -> course.Square:
    if grade is None:
        return course.Square(None, says=f"{exercise}: no notebook")
    if grade.graded is None:
        return course.Square(None, attempts=grade.attempts, says=f"{exercise}: not graded yet")
    verdict = grade.graded.read
    reasons = words.in_one(words.reasons(verdict))
    says = f"{exercise}: {verdict.outcome}, score {verdict.score:.0%}. {reasons}".strip()
    note = f" ({grade.submission.note})" if grade.submission.note else ""
    return course.Square(verdict.outcome, verdict.score, grade.attempts, says + note)


def _column(exercise: Exercise, people: Sequence[str], grades: Grades) -> course.Column:
    mine = {person: grade for person in people if (grade := grades.get((person, exercise.id)))}
    graded = {person: grade.graded for person, grade in mine.items() if grade.graded}
    verdicts = [one.read for one in graded.values()]
    return course.Column(
        id=exercise.id,
        title=exercise.heading.title,
        handed_in=len(mine),
        passed=sum(one.outcome == "passed" for one in graded.values()),
        score=fmean(one.score for one in graded.values()) if graded else 0.0,
        attempts=median(grade.attempts for grade in mine.values()) if mine else 0.0,
        seconds=median(one.seconds for one in graded.values()) if graded else 0.0,
        wrongs=tuple(_wrongs(verdicts)),
        checks=tuple(_checks(verdicts, {name for one in graded.values() for name in one.hidden})),
        alike=tuple(_alike({person: one.fix for person, one in graded.items()})),
    )


def _wrongs(verdicts: Sequence[Verdict]) -> Iterator[course.Wrong]:
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
    return (course.Wrong(name, count, sentences[name]) for name, count in counts.most_common(COMMONEST))


def _alike(fixes: Mapping[str, str]) -> Iterator[course.Alike]:
    """Groups of people, with what they wrote: the same text once."""
    for group in alike.groups(fixes):
        texts: dict[str, list[str]] = defaultdict(list)
        for person in group:
            texts[fixes[person]].append(person)
        shown = sorted(texts.items(), key=lambda one: -len(one[1]))[:MOST_TEXTS]
        yield course.Alike(group, tuple((tuple(people), text) for text, people in shown))


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
