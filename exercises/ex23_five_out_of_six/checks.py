"""What a correct fix of ex23 shows: each passenger is answered from the board, whoever else is asking."""

import numpy as np

from bugkit.checks import nll

FLIGHTS, LISTED, GATES, PASSENGERS = 24, 12, 8, 4
# As in training. The same random numbers each time, so that dropout changes nothing between two answers.
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
    """A passenger gets the same answer whatever the others ask for."""
    flights, gates, asked, _ = cases(run.rng, 200)
    one = run.model(flights, gates, asked)[:, 0]
    other = run.model(flights, gates, with_others(run.rng, flights, asked))[:, 0]
    assert alike(one, other), f"when the others ask for other flights, an answer {moves(one, other)}"


def check_other_passengers_change_nothing_in_training(run):
    """While it trains, too, a passenger's answer does not depend on the others."""
    flights, gates, asked, _ = cases(run.rng, 64)
    changed = with_others(run.rng, flights, asked)
    arrays = {"flights": flights, "gates": gates, "asked": asked, "changed": changed}
    seen = run.ask(TRAINING, arrays, ["first", "again", "other"], needs=["model"])
    if not alike(seen["first"], seen["again"]):
        return  # it is random while it trains: two answers cannot be compared
    one, other = seen["first"][:, 0], seen["other"][:, 0]
    assert alike(one, other), f"when the others ask for other flights, an answer {moves(one, other)}"


def check_other_boards_change_nothing(run):
    """A board by itself gets the same answers as among other boards."""
    flights, gates, asked, _ = cases(run.rng, 16)
    among = run.model(flights, gates, asked)
    alone = [run.model(flights[i : i + 1], gates[i : i + 1], asked[i : i + 1])[0] for i in range(16)]
    assert alike(among, np.array(alone)), f"without the other boards an answer {moves(among, np.array(alone))}"


def cases(rng, count):
    """Flights and gates (count, LISTED), who asks for what and the right gates (count, PASSENGERS), all int64."""
    flights = rng.permuted(np.tile(np.arange(FLIGHTS), (count, 1)), axis=1)[:, :LISTED]
    gates = rng.integers(GATES, size=(count, LISTED))
    line = rng.integers(LISTED, size=(count, PASSENGERS))
    return flights, gates, np.take_along_axis(flights, line, 1), np.take_along_axis(gates, line, 1)


def with_others(rng, flights, asked):
    """The first passengers as they are, with others beside them who ask for other flights of the board."""
    line = rng.integers(LISTED, size=(len(asked), PASSENGERS - 1))
    return np.concatenate([asked[:, :1], np.take_along_axis(flights, line, 1)], axis=1)


def log_chances(outputs):
    """Log-probabilities of what may be logits, log-probabilities or probabilities; below e**-20 it is as good as 0."""
    p = np.asarray(outputs, dtype=np.float64)
    if p.min() >= 0 and np.abs(p.sum(axis=-1) - 1).max() < 1e-3:
        p = np.log(np.maximum(p, 1e-30))
    p = p - p.max(axis=-1, keepdims=True)
    return np.maximum(p - np.log(np.exp(p).sum(axis=-1, keepdims=True)), -20)


def alike(a, b):
    """Whether two answers agree up to rounding."""
    return np.allclose(log_chances(a), log_chances(b), rtol=1e-3, atol=3e-3)


def moves(a, b):
    """In words: the largest change of the logarithm of a chance."""
    return f"moves by up to {np.abs(log_chances(a) - log_chances(b)).max():.2g} nats (0 wanted)"
