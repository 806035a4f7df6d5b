"""What a correct fix of ex23 shows: each passenger is answered from the board, no matter who else asks."""

import numpy as np

from bugkit.checks import log_probabilities, nll
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import answers_by_training, replayed

FLIGHTS, LISTED, GATES, PASSENGERS = 24, 12, 8, 4
# In train mode, with the same random seed each time, so that dropout is the same in two calls.
TRAINING = """
if isinstance(model, torch.nn.Module):
    model.train()
    for part in model.modules():
        if isinstance(part, torch.nn.modules.batchnorm._BatchNorm):
            part.eval()


def outputs(asked):
    torch.manual_seed(0)
    with torch.no_grad():
        return model(flights, gates, asked)


first, again, other = outputs(asked), outputs(asked), outputs(changed)
"""


def heldout_loss(run):
    """Cross-entropy of new boards, from the model's own outputs"""
    flights, gates, asked, answers = cases(run.rng, 500)
    return nll(run.model(flights, gates, asked).reshape(-1, GATES), answers.reshape(-1))


def check_other_passengers_change_nothing(run):
    """A passenger's answer does not depend on what the others ask for."""
    for boards in (1, 200):
        flights, gates, asked, _ = cases(run.rng, boards)
        first = run.model(flights, gates, asked)
        for who in range(PASSENGERS):
            changed = with_another(run.rng, flights, asked, who)
            others = np.arange(PASSENGERS) != who
            one, other = first[:, others], run.model(flights, gates, changed)[:, others]
            assert alike(one, other), (
                f"when passenger {who + 1} asks for another flight, an answer to the others {moves(one, other)}"
            )


def check_fewer_passengers_change_nothing(run):
    """A passenger gets the same answer alone or with one, two or three others."""
    flights, gates, asked, _ = cases(run.rng, 64)
    first = run.model(flights, gates, asked)
    for these in ([0], [1], [2], [3], [0, 1], [1, 3], [3, 2], [0, 1, 2], [1, 2, 3], [3, 2, 1, 0]):
        one, other = first[:, these], run.model(flights, gates, asked[:, these])
        assert alike(one, other), f"with {len(these)} of the four passengers, an answer {moves(one, other)}"


def check_other_passengers_change_nothing_in_training(run):
    """In train mode too, a passenger's answer does not depend on the others."""
    for boards in (64, 3):
        flights, gates, asked, _ = cases(run.rng, boards)
        for who in range(PASSENGERS):
            changed = with_another(run.rng, flights, asked, who)
            arrays = {"flights": flights, "gates": gates, "asked": asked, "changed": changed}
            seen = run.ask(TRAINING, arrays, ["first", "again", "other"], needs=["model"])
            if not alike(seen["first"], seen["again"]):
                return  # random in train mode: two answers cannot be compared
            others = np.arange(PASSENGERS) != who
            one, other = seen["first"][:, others], seen["other"][:, others]
            assert alike(one, other), (
                f"when passenger {who + 1} asks for another flight, an answer to the others {moves(one, other)}"
            )


def check_every_passenger_is_sent_to_the_right_gate(run):
    """Each of the four passengers is sent to the correct gate."""
    flights, gates, asked, answers = cases(run.rng, 500)
    right = (np.asarray(run.model(flights, gates, asked)).argmax(axis=-1) == answers).mean(axis=0)
    worst = int(right.argmin())
    assert right[worst] > 0.9, (
        f"passenger {worst + 1} is sent there in {right[worst]:.0%} of the cases (expected: over 90 %)"
    )


def check_the_network_answers_as_it_did_in_training(run):
    """With the weights of a training step, the network gives the same outputs as in that step."""
    for call, then, answers in replayed(run):
        off = float(max(np.abs(now - then).max() for now in answers) / max(np.abs(then).max(), 1e-3))
        assert off < 0.02, f"at step {call.step + 1} its outputs differ by {off:.2g} of their size (expected: 0)"


def check_the_trained_network_answers(run):
    """The model that answers at the end is the network that was trained."""
    assert answers_by_training(run), "the model that answers is not the network that was trained (expected: the same)"


def check_other_boards_change_nothing(run):
    """A board gets the same answers alone as in a batch."""
    flights, gates, asked, _ = cases(run.rng, 16)
    among = run.model(flights, gates, asked)
    alone = [run.model(flights[i : i + 1], gates[i : i + 1], asked[i : i + 1])[0] for i in range(16)]
    assert alike(among, np.array(alone)), f"without the other boards, an answer {moves(among, np.array(alone))}"


def cases(rng, count):
    """Flights and gates (count, LISTED), flights asked for and their gates (count, PASSENGERS), all int64."""
    flights = rng.permuted(np.tile(np.arange(FLIGHTS), (count, 1)), axis=1)[:, :LISTED]
    gates = rng.integers(GATES, size=(count, LISTED))
    line = rng.integers(LISTED, size=(count, PASSENGERS))
    return flights, gates, np.take_along_axis(flights, line, 1), np.take_along_axis(gates, line, 1)


def with_another(rng, flights, asked, who):
    """The same passengers, but one of them asks for another flight of the board."""
    changed = asked.copy()
    line = rng.integers(LISTED, size=(len(asked), 1))
    flight = np.take_along_axis(flights, line, 1)[:, 0]
    changed[:, who] = np.where(flight == asked[:, who], flights[:, 0], flight)
    return changed


def log_chances(outputs):
    """Log-probabilities. Below e**-20 a probability counts as 0."""
    return np.maximum(log_probabilities(outputs), -20)


def alike(a, b):
    """Whether two answers agree up to rounding."""
    return np.allclose(log_chances(a), log_chances(b), rtol=1e-3, atol=3e-3)


def moves(a, b):
    """In words: the largest change of a log-probability."""
    return f"changes by up to {np.abs(log_chances(a) - log_chances(b)).max():.2g} nats (expected: 0)"
