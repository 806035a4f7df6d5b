"""What a correct fix of ex06 shows: `predict` answers each record independently, and always in the same way."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import accuracy, nll, probabilities, redrawn, rows_among
from bugkit.invariants import check_gradients_are_whole

LAID_ASIDE = 4  # every fourth record of the register
SIZES = (2, 3, 5, 8, 9, 16, 17, 33, 64)  # records in one call of `predict`

# The network's own scores in evaluation mode; none if the notebook has no module `model`.
EVALUATED = """
scores = torch.zeros(0)
network = globals().get("model")
if isinstance(network, torch.nn.Module):
    network.eval()
    with torch.no_grad():
        scores = network(records)
"""


def draw(rng):
    """The same task with other tumors held out, permuted labels and permuted columns."""
    return redrawn("diagnoses", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy of the scores of `predict`, in the order of the register"""
    x, y = register(run.heldout)
    return nll(answers(run, x), y)


def check_a_record_gets_the_same_answer_in_other_company(run):
    """A patient's answer does not depend on the other patients in the same call."""
    x, y = register(run.heldout)
    alike = x[y == y[0]]  # records of one diagnosis
    alone = np.concatenate([answers(run, record[None]) for record in alike[:20]] + [answers(run, alike[20:])])
    all_at_once = answers(run, x)
    change = moved(all_at_once[: len(alike)], answers(run, alike), answers(run, alike[::-1])[::-1], alone)
    change = max(change, *(moved(answers(run, x[-size:]), all_at_once[-size:]) for size in SIZES))
    assert change < 1e-3, f"with other records in the call, a score changes by up to {change:.2g} (expected: 0)"


def check_the_same_question_gets_the_same_answer(run):
    """The same question gets the same answer twice."""
    x, _ = run.heldout
    change = moved(answers(run, x), answers(run, x))
    assert change < 1e-3, f"in a second call, a score changes by up to {change:.2g} (expected: 0)"


def check_predict_answers_as_the_trained_network_does(run):
    """`predict` returns what the trained network returns in evaluation mode."""
    x, _ = run.heldout
    predicted = answers(run, x)  # before the network is put into evaluation mode
    scores = run.ask(EVALUATED, {"records": x}, ["scores"])["scores"]
    if scores.shape != (len(x), 2):
        raise UndecidedError("the notebook has no module `model` to compare with")
    change = float(np.abs(probabilities(predicted) - probabilities(scores)).max())
    assert change < 0.01, f"a probability differs by up to {change:.2g} (expected: 0)"


def check_the_reported_accuracy_is_true(run):
    """The reported `accuracy` is that of `predict` on the records that the notebook holds out."""
    x, y = (part[::LAID_ASIDE] for part in register(run.train))
    found = run.ask("reported = float(accuracy)", returns=["reported"], needs=["accuracy"])
    reported, measured = float(found["reported"]), accuracy(answers(run, x), y)
    assert abs(reported - measured) < 0.004, f"{reported:.1%} is reported, {measured:.1%} measured (expected: the same)"


def check_nothing_is_learned_from_records_laid_aside(run):
    """No training step uses a record that the notebook holds out."""
    x, _ = register(run.train)
    seen = [
        rows_among(call.inputs[0], x) for call in run.audit.needed().calls if call.inputs and call.inputs[0].ndim == 2
    ]
    rows = np.concatenate([np.zeros(0, dtype=np.int64), *seen])
    if not np.any(rows >= 0):
        raise UndecidedError("no record was recognized in what the network was given while it trained")
    share = float(np.mean(rows[rows >= 0] % LAID_ASIDE == 0))
    assert share < 0.01, f"{share:.0%} of the records in sampled batches are held out (expected: 0)"


def answers(run, x):
    """The scores of `predict`, with the network in the mode in which the notebook leaves it."""
    return run.call("predict", x, mode="as_is")


def register(task):
    """The records in the order of the register: sorted by diagnosis."""
    x, y = task
    order = np.argsort(y, kind="stable")
    return x[order], y[order]


def moved(answer, *others):
    """The largest difference between the first answer and any other."""
    return max(float(np.abs(answer - other).max()) for other in others)
