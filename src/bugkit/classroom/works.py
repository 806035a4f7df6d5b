"""A class' works of each exercise: counted, compared and drawn for the class page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from statistics import fmean, median

from bugkit.classroom import similarity, statistics
from bugkit.classroom.course import Course
from bugkit.classroom.fresh import OwnExercise
from bugkit.classroom.grades import Graded
from bugkit.classroom.identity import Person, display
from bugkit.classroom.naming import page_name
from bugkit.classroom.standing import Standing
from bugkit.exercise import Exercise
from bugkit.notebook import fix_of, read
from bugkit.report import charts, class_page
from bugkit.templates import template
from bugkit.verdict import Outcome, Verdict

MOST_COMMON = 4  # things that went wrong in an exercise
MOST_TEXTS = 4  # different ones that are shown of a group of fixes which are alike


@dataclass(frozen=True)
class Works:
    """Everybody's standings, person by person in the order of the exercises."""

    people: Sequence[Person]
    exercises: Sequence[Exercise]
    all_of_them: Sequence[Standing]
    course: Course

    @cached_property
    def names(self) -> dict[str, str]:
        """What each is called on the pages, by id."""
        return display(self.people)

    @cached_property
    def scores(self) -> dict[str, dict[str, float]]:
        """By exercise and person, where there is one."""
        found: dict[str, dict[str, float]] = {exercise.id: {} for exercise in self.exercises}
        for one in self.all_of_them:
            if one.score is not None:
                found[one.exercise.id][one.person.id] = one.score
        return found

    def of(self, person: Person) -> list[Standing]:
        """One person's."""
        return self._by_person[person.id]

    @cached_property
    def _by_person(self) -> dict[str, list[Standing]]:
        found: dict[str, list[Standing]] = {person.id: [] for person in self.people}
        for one in self.all_of_them:
            found[one.person.id].append(one)
        return found

    def for_exercise(self, exercise: Exercise) -> list[Standing]:
        """Those who handed something in for it."""
        return [one for one in self.all_of_them if one.exercise.id == exercise.id and one.grade]

    def over_time(self, exercise: Exercise | None = None) -> charts.Bars | None:
        """When works came, of an exercise or of all; with the dates on which they were due."""
        chosen = [one for one in self.all_of_them if one.grade and exercise in (None, one.exercise)]
        due = [(at, name) for name in self.course.due if (at := self.course.due_for(name, ()))]
        shown = [(at, "due" if exercise else name) for at, name in due if exercise is None or name == exercise.id]
        times = [datetime.fromisoformat(one.grade.submission.at) for one in chosen if one.grade]
        return charts.over_time(times, shown)


def column_of(works: Works, exercise: Exercise) -> class_page.Column:
    """One exercise over the class."""
    mine, is_own = works.for_exercise(exercise), isinstance(exercise, OwnExercise)  # losses of many units are no axis
    graded = {works.names[one.person.id]: one.grade.graded for one in mine if one.grade and one.grade.graded}
    verdicts = [one.verdict for one in mine if one.verdict]
    fixes = {person: one.fix for person, one in graded.items()}
    long = similarity.compared(fixes, "" if is_own else _reference(exercise))
    scores = list(works.scores[exercise.id].values())
    return class_page.Column(
        id=exercise.id,
        title=exercise.heading.title,
        handed_in=len(mine),
        passed=sum(one.outcome == "passed" for one in graded.values()),
        score=fmean(one.score for one in graded.values()) if graded else 0.0,
        attempts=median(one.attempts for one in mine) if mine else 0.0,
        seconds=median(one.seconds for one in graded.values()) if graded else 0.0,
        failures=tuple(_failures(verdicts)),
        checks=tuple(_checks(verdicts, graded)),
        alike=tuple(_alike(long)),
        not_compared=len(fixes) - len(long),
        difficulty=statistics.difficulty(scores),
        discrimination=statistics.discrimination(exercise.id, works.scores),
        panels=tuple(_panels(mine, works.names)),
        scores=charts.scores(scores) if scores else None,
        losses=charts.losses(list(_losses(mine, works.names)), verdicts[0].target) if verdicts and not is_own else None,
        unit=exercise.manifest.converge.unit,
        over_time=works.over_time(exercise),
    )


def _reference(exercise: Exercise) -> str:
    """The author's own fix, where the solution is here."""
    return fix_of(template(exercise), read(exercise.solution)) if exercise.has_solution else ""


def _panels(mine: Sequence[Standing], names: Mapping[str, str]) -> Iterator[class_page.Panel]:
    for one in mine:
        if one.verdict:
            name, page = names[one.person.id], page_name(one.person.id)
            yield class_page.Panel(name, page, one.verdict.outcome, one.score or 0.0, charts.small(one.verdict))


def _losses(mine: Sequence[Standing], names: Mapping[str, str]) -> Iterator[tuple[float, Outcome, str]]:
    """Every run's held-out loss, whether it is as wanted, and whose it is."""
    for one in mine:
        for run in one.verdict.runs if one.verdict else ():
            if run.loss is not None:
                told = f"{names[one.person.id]}, seed {run.seed}"
                yield run.loss, "passed" if run.converged else "failed", told


def _failures(verdicts: Sequence[Verdict]) -> Iterator[class_page.FailureKind]:
    """The most common of what went wrong: symptoms, and ends that left nothing to judge."""
    counts: Counter[str] = Counter()
    sentences: dict[str, str] = {}
    for verdict in verdicts:
        mine = {symptom.id: symptom.text for symptom in verdict.symptoms}
        mine |= {run.status.replace("_", " "): run.detail for run in verdict.runs if run.status != "ok"}
        if not verdict.runs:
            mine["not read"] = "; ".join(verdict.notes)
        counts.update(mine.keys())
        sentences = mine | sentences  # the first one's stays
    return (class_page.FailureKind(name, count, sentences[name]) for name, count in counts.most_common(MOST_COMMON))


def _alike(fixes: Mapping[str, str]) -> Iterator[class_page.SimilarFixes]:
    """Groups of people, with what they wrote: the same text once."""
    for group in similarity.groups(fixes):
        texts: dict[str, list[str]] = defaultdict(list)
        for person in group:
            texts[fixes[person]].append(person)
        shown = sorted(texts.items(), key=lambda one: -len(one[1]))[:MOST_TEXTS]
        yield class_page.SimilarFixes(group, tuple((tuple(people), text) for text, people in shown))


def _checks(verdicts: Sequence[Verdict], graded: Mapping[str, Graded]) -> Iterator[class_page.CheckCount]:
    """Each check with how many notebooks failed it, of how many that it was made of."""
    hidden = {name for one in graded.values() for name in one.hidden}
    failed: Counter[str] = Counter()
    made: Counter[str] = Counter()
    sentences: dict[str, str] = {}
    for check in (check for verdict in verdicts for check in verdict.checks):
        sentences[check.name] = check.sentence
        made[check.name] += 1
        failed[check.name] += check.outcome == "failed"
    return (class_page.CheckCount(sentences[name], failed[name], made[name], name in hidden) for name in made)
