"""What the gradebook adds up to: the class page, and each learner's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bugkit.classroom.course import Course
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.naming import page_name
from bugkit.classroom.standing import Standing, standings
from bugkit.classroom.works import Works, column_of
from bugkit.errors import UsageError
from bugkit.exercise import Exercise
from bugkit.notebook.files import write_ours
from bugkit.report import class_page, html, phrases
from bugkit.verdict import Verdict

INDEX, PEOPLE, EXERCISES, VERDICTS = "index.html", "people", "exercises", "verdicts"
PAGE = re.compile(r"(?:.+-[0-9a-f]{8}|[a-z]+\d+)\.html")
GONE = "the gradebook holds verdicts of it, and no catalog here has it: give its catalog with --catalog"
A_HIDDEN_ONE = "a check that your instructor keeps to themselves does not hold yet"


def write_pages(
    folder: Path,
    gradebook: Gradebook,
    exercises: Sequence[Exercise],
    course: Course,
    *,
    lost: Sequence[str] = (),
    force: bool = False,
) -> Path:
    """The class page as ``index.html``, whose path is returned, and what it leads to.

    ``lost`` are exercises that no catalog has. In ``people`` there is a page for each learner, to be given to them; in
    ``exercises`` and ``verdicts`` what an instructor sees of each exercise and of each learner's work. The folder is
    new, empty, or that of an earlier report.
    """
    known = {INDEX, PEOPLE, EXERCISES, VERDICTS}
    foreign = sorted({path.name for path in folder.iterdir()} - known) if folder.is_dir() else []
    if foreign:
        evidence = [f"found: {foreign[0]}", "expected: a new folder, an empty one, or that of an earlier report"]
        raise UsageError(
            f"{folder} holds other things", evidence=evidence, next_command="bugkit class report NEW_FOLDER"
        )
    people = gradebook.people()
    works = Works(people, exercises, list(standings(gradebook, exercises, course, people)), course)
    when = datetime.now(UTC).strftime("%-d %B %Y, %H:%M UTC")
    columns = tuple(column_of(works, exercise) for exercise in exercises)
    pages = {
        INDEX: class_page.page(_class(works, columns, [*gradebook.troubles(), *((one, GONE) for one in lost)], when))
    }
    pages |= {f"{EXERCISES}/{one.id}.html": class_page.exercise_page(one, when) for one in columns}
    for person in people:
        name, mine = page_name(person.id), works.of(person)
        pages[f"{PEOPLE}/{name}"] = learner_page(works.names[person.id], mine)
        pages[f"{VERDICTS}/{name}"] = verdict_page(works.names[person.id], mine)
    for place, text in pages.items():
        write_ours(folder / place, text, force=force)
    for path in folder.glob("*/*.html"):  # of a report that was here before
        if f"{path.parent.name}/{path.name}" not in pages and PAGE.fullmatch(path.name):
            path.unlink()
    return folder / INDEX


def _class(
    works: Works, columns: tuple[class_page.Column, ...], troubles: Iterable[tuple[str, str]], when: str
) -> class_page.Class:
    rows = tuple(
        class_page.Row(works.names[one.id], one.section, page_name(one.id), tuple(map(_square, works.of(one))))
        for one in works.people
    )
    waiting = (*troubles, *_to_look_at(works.all_of_them, works.names))
    return class_page.Class(works.course.name, columns, rows, waiting, when, works.over_time())


def learner_page(name: str, mine: Sequence[Standing]) -> str:
    """All verdicts of one learner, as they may see them."""
    return html.page(*filter(None, map(as_shown, mine)), heading=_heading(name, mine))


def verdict_page(name: str, mine: Sequence[Standing]) -> str:
    """All of them as an instructor sees them, with what was changed, what was decided and why."""
    verdicts, differences = [], {}
    for one in mine:
        if one.verdict and one.grade and one.grade.graded:
            notes = (*one.verdict.notes, *one.remarks(), f"from {one.grade.submission.place}")
            verdicts.append(replace(one.verdict, notes=notes, next=""))
            lines = one.grade.graded.fix.splitlines()
            differences[one.exercise.id] = [(line, line[:1] if line[:1] in "+-" else "") for line in lines]
    return html.page(*verdicts, heading=_heading(name, mine), differences=differences)


def _heading(name: str, mine: Sequence[Standing]) -> str:
    return f"{name}: {sum(one.outcome == 'passed' for one in mine)} of {len(mine)} passed"


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
        notes.append(f"a hint: {one.task.manifest.hint[0].text}")
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
            sentences = phrases.in_one(check.sentence for check in undecided)
            yield who, f"passed, and {phrases.count(len(undecided), 'check')} could not be judged: {sentences}"
        if one.outdated:
            yield who, "graded before the exercise was changed: grade it once more"


def _square(one: Standing) -> class_page.GradeCell:
    exercise, said = one.exercise.id, phrases.in_one(one.remarks())
    if one.verdict is None:
        says = f"{exercise}: {one.state}. {said}".rstrip(". ")
        return class_page.GradeCell(None, one.score or 0.0, one.attempts, says, one.state, decided=bool(one.decisions))
    reasons = phrases.in_one(phrases.reasons(one.verdict))
    note = f" ({one.grade.submission.note})" if one.grade and one.grade.submission.note else ""
    score = one.score or 0.0
    says = f"{exercise}: {one.outcome}, score {score:.0%}. {reasons} {said}".strip() + note
    return class_page.GradeCell(
        one.verdict.outcome, score, one.attempts, says, one.state, late=bool(one.late), decided=bool(one.decisions)
    )
