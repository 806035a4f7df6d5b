"""What a correct deep Q-learner shows: its values are those of the best actions in use, and its targets are exact."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)

__all__ = [
    "check_every_row_teaches",
    "check_gradients_are_whole",
    "check_the_same_question_gets_the_same_answer",
]

# The grader's own copy of the lander.
TOP, FASTEST, GAMMA = 10, 2, 0.95
PUSH, FUEL = np.array([-1, 0, 1]), np.array([0.0, 0.02, 0.05])
HEIGHTS, SPEEDS = (grid.ravel() for grid in np.mgrid[1 : TOP + 1, -FASTEST : FASTEST + 1])
STATES = np.arange(len(HEIGHTS))
ACTIONS = len(PUSH)

LIMIT = 0.1  # of the norm of a gradient
CALLS = 4  # of a function that might answer otherwise now and then
DRAWS = 200  # actions for each state
SLACK = 0.02
CLEAR = 1e-4  # difference between the two best values


def heldout_loss(run):
    """Error of the values in all states, relative to the standard deviation of the exact values"""
    exact = best_values()
    return float(np.sqrt(np.mean((values(run) - exact) ** 2)) / exact.std())


def check_the_best_actions_land(run):
    """From all states, the actions that the network prefers earn nearly as much as the best ones."""
    best = best_values().max(axis=1).mean()
    told = earned(values(run).argmax(axis=1)).mean()
    assert told > 0.88 * best, f"they earn {told:.2f} on average, the best ones {best:.2f} (expected: over 88 % of it)"


def check_targets_are_exact(run):
    """Targets are discounted rewards up to the end of an episode, and a next value where there is one."""
    for steps in (1, 2, 3, 5):
        rewards, following = run.rng.normal(size=(2, 400, steps)).astype(np.float32)
        terminated = run.rng.random((400, steps)) < 0.2
        truncated = ~terminated & (run.rng.random((400, steps)) < 0.2)
        wanted = rewards[:, -1] + GAMMA * following[:, -1] * ~terminated[:, -1]
        for t in reversed(range(steps - 1)):
            alone = rewards[:, t] + GAMMA * following[:, t] * ~terminated[:, t]
            wanted = np.where(terminated[:, t] | truncated[:, t], alone, rewards[:, t] + GAMMA * wanted)
        for _ in range(CALLS):
            told = np.asarray(run.td_targets(rewards, following, terminated, truncated), dtype=np.float64).reshape(-1)
            assert told.shape == wanted.shape, f"for {len(wanted)} landers there are {len(told)} targets"
            wrong = float(np.mean(np.abs(told - wanted) > 1e-3))
            assert wrong == 0, f"with {steps} steps, {wrong:.0%} of the targets are others (expected: 0 %)"


def check_the_loss_is_a_mean(run):
    """The loss of a batch is a mean: with every transition twice, it stays the same."""
    where, following = run.rng.permutation(np.repeat(STATES, 2)), run.rng.choice(STATES, size=(100, 2))
    terminated = run.rng.random((100, 2)) < 0.2
    batch = (
        observations()[where],
        run.rng.integers(ACTIONS, size=100),
        run.rng.normal(size=(100, 2)).astype(np.float32),
        observations()[following],
        terminated,
        ~terminated & (run.rng.random((100, 2)) < 0.2),
    )
    once = float(np.asarray(run.batch_loss(*batch)))
    twice = float(np.asarray(run.batch_loss(*(np.concatenate([part, part]) for part in batch))))
    assert abs(twice - once) < 0.01 * once, f"it is {twice / once:.2f} times as large (expected: 1.00)"


def check_each_step_teaches_the_actions_that_were_taken(run):
    """In every step, each transition changes the value of one action, the one that was taken."""
    slopes = [call.slope for call in run.audit.needed().calls if call.slope is not None]
    slopes = [slope for slope in slopes if slope.ndim == 2 and slope.shape[1] == ACTIONS]
    if not slopes:
        raise UndecidedError("what the training teaches could not be seen")
    most = max(int((slope != 0).sum(axis=1).max()) for slope in slopes)
    assert most == 1, f"in one step, the values of {most} actions are changed in the same state (expected: 1)"


def check_no_transition_counts_for_several(run):
    """In every step, a transition counts at most for its share of the batch."""
    calls = [call for call in run.audit.needed().calls if call.slope is not None and call.slope.ndim == 2]
    shares = [float(np.abs(call.slope).max()) * call.rows for call in calls if call.slope.shape[1] == ACTIONS]
    if not shares:
        raise UndecidedError("what the training teaches could not be seen")
    odd = sum(share > 1 + SLACK for share in shares)
    assert not odd, f"at {odd} of {len(shares)} sampled steps, one counts for up to {max(shares):.3g} (expected: 1)"


def check_actions_are_random_as_often_as_they_should(run):
    """An action is random with the probability that is asked for, and the best one otherwise."""
    where = run.rng.permutation(np.repeat(STATES, DRAWS))
    best = values(run).argmax(axis=1)
    clear = np.ptp(np.sort(values(run), axis=1)[:, -2:], axis=1) > CLEAR
    for epsilon in (0.0, 0.3, 1.0):
        taken = np.asarray(run.act(observations()[where], epsilon)).reshape(-1)
        shares = np.array([np.mean(taken[(taken >= 0) & clear[where]] == a) for a in range(ACTIONS)])
        follows = float(np.mean((taken == best[where])[clear[where]]))
        wanted = 1 - epsilon * (1 - 1 / ACTIONS)
        assert abs(follows - wanted) < 0.04, (
            f"with a probability of {epsilon:.0%}, {follows:.0%} of the actions are the best ones "
            f"(expected: {wanted:.0%})"
        )
        if epsilon == 1:
            gap = float(np.abs(shares - 1 / ACTIONS).max())
            assert gap < 0.04, f"random actions are up to {gap:.0%} too frequent or too rare (expected: below 4 %)"


def check_the_copy_follows_the_network(run):
    """At the end of the training, the delayed copy gives nearly the same values as the network."""
    copied = np.asarray(run.target_model(observations()), dtype=np.float64)
    gap = float(np.abs(copied - values(run)).mean() / best_values().std())
    assert gap < 0.2, f"on average they differ by {gap:.0%} of the spread of the exact values (expected: below 20 %)"


def check_no_step_follows_a_long_gradient(run):
    """No step follows a gradient whose norm is greater than 0.1."""
    norms = run.audit.needed().norms
    norms = norms[np.isfinite(norms)]
    if not len(norms):
        raise UndecidedError("the gradients that steps follow could not be seen")
    longer = int((norms > 1.02 * LIMIT).sum())
    assert not longer, f"{longer} of {len(norms)} sampled steps do, up to {norms.max():.3g} (expected: none)"


def fly(heights, speeds, actions):
    """New heights and speeds, rewards, and whether the ground was reached."""
    speeds = np.clip(speeds + PUSH[actions], -FASTEST, FASTEST)
    heights = np.minimum(heights + speeds, TOP)
    terminated = heights <= 0
    return heights, speeds, np.where(speeds >= -1, 1.0, -1.0) * terminated - FUEL[actions], terminated


def observations():
    """What a network is given of each state (50, 2)."""
    return np.stack([2 * HEIGHTS / TOP - 1, SPEEDS / FASTEST], axis=-1).astype(np.float32)


def number(heights, speeds):
    """The number of each state."""
    return (np.maximum(heights, 1) - 1) * (2 * FASTEST + 1) + speeds + FASTEST


def best_values():
    """The exact values of all actions (50, 3), in use."""
    found = np.zeros((len(STATES), ACTIONS))
    for _ in range(500):
        best = found.max(axis=1)
        for action in range(ACTIONS):
            heights, speeds, rewards, terminated = fly(HEIGHTS, SPEEDS, np.full(len(STATES), action))
            found[:, action] = rewards + GAMMA * best[number(heights, speeds)] * ~terminated
    return found


def earned(actions):
    """What a policy (50,) earns from each state."""
    heights, speeds, rewards, terminated = fly(HEIGHTS, SPEEDS, actions)
    leads = np.zeros((len(STATES), len(STATES)))
    leads[STATES, number(heights, speeds)] = ~terminated
    return np.linalg.solve(np.eye(len(STATES)) - GAMMA * leads, rewards)


def values(run):
    """The network's values of all actions in all states (50, 3)."""
    return np.asarray(run.model(observations()), dtype=np.float64).reshape(len(STATES), ACTIONS)
