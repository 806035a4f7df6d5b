"""What a correct fix of ex06 shows: `predict` answers each record by itself, and always alike."""

import numpy as np

from bugkit.checks import accuracy, nll, redrawn


def draw(rng):
    """The tumours with other ones held out, the diagnoses with other numbers, the measurements in other columns."""
    return redrawn("diagnoses", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy of what `predict` answers, in the order of the register"""
    x, y = register(run.heldout)
    return nll(answers(run, x), y)


def check_a_record_gets_the_same_answer_in_other_company(run):
    """A patient's answer does not depend on the other patients asked about."""
    x, y = register(run.heldout)
    alike = x[y == y[0]]  # records of one diagnosis
    change = moved(answers(run, x)[: len(alike)], answers(run, alike), answers(run, alike[::-1])[::-1])
    assert change < 1e-3, f"with others around it, a score moves by up to {change:.2g} (0 wanted)"


def check_the_same_question_gets_the_same_answer(run):
    """The same question gets the same answer twice."""
    x, _ = run.heldout
    change = moved(answers(run, x), answers(run, x))
    assert change < 1e-3, f"the second time a score moves by up to {change:.2g} (0 wanted)"


def check_the_reported_accuracy_is_true(run):
    """The accuracy that the notebook reports is that of `predict` on new records."""
    x, y = register(run.heldout)
    found = run.ask("reported = float(accuracy)", returns=["reported"], needs=["accuracy"])
    reported, measured = float(found["reported"]), accuracy(answers(run, x), y)
    assert abs(reported - measured) < 0.15, f"{reported:.0%} are reported, {measured:.0%} measured"


def answers(run, x):
    """What `predict` says, asked in the mode in which the notebook leaves it."""
    return run.call("predict", x, mode="as_is")


def register(task):
    """The records in the order in which the register keeps them: by diagnosis."""
    x, y = task
    order = np.argsort(y, kind="stable")
    return x[order], y[order]


def moved(answer, *others):
    """The largest change of a number from the first answer to any other."""
    return max(float(np.abs(answer - other).max()) for other in others)
