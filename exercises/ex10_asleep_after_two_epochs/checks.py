"""What a correct fix of ex10 shows: the steps shrink as slowly as planned."""

import numpy as np

from bugkit.checks import nll, redrawn


def draw(rng):
    """The digits with other numbers and their pixels in other places."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own outputs"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_it_still_learns_halfway(run):
    """Halfway through the training, the network still takes steps of a useful length."""
    rates = shares(run)
    if len(rates):
        halfway = float(rates[len(rates) // 2])
        assert halfway > 0.05, f"a gradient makes a step {halfway:.2g} times as long as it once did (about 0.3 planned)"


def check_steps_do_not_grow_again(run):
    """Steps that have begun to shrink do not grow again."""
    rates = shares(run)
    falling = rates[np.flatnonzero(rates > 0.99).min() :] if len(rates) else rates
    grown = int(np.count_nonzero(np.diff(falling) > 0.01 * falling[:-1]))
    assert not grown, f"for the same gradient, {grown} steps are longer than the one before (0 planned)"


def check_the_last_steps_are_smaller(run):
    """The training ends with smaller steps than it began with, as planned."""
    rates = shares(run)
    if len(rates):
        last = float(rates[-1])
        assert last < 0.5, f"at the end a gradient makes a step {last:.2g} times as long as it once did (0.14 planned)"


def shares(run):
    """The learning rate at each step as a share of the largest; empty where no optimiser took the steps."""
    rates = run.recorded["lr"]
    return rates / rates.max() if len(rates) and rates.max() > 0 else rates[:0]
