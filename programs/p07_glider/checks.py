"""What correct proximal policy optimization shows: a policy that earns nearly all, and values that agree with it."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import probabilities
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

# The grader's own copy of the glider.
PLACES, TOP, AIRFIELD, THERMAL, GAMMA, ACTIONS = 8, 6, 1, 6, 0.95, 3
WHERE, HEIGHTS = (grid.ravel() for grid in np.mgrid[:PLACES, 1 : TOP + 1])
STATES = np.arange(len(WHERE))

LAMBDA = 0.9
CALLS = 13  # of a function that might answer otherwise now and then
STEEPEST = 20  # all values and returns lie within about 3 of each other
LIMIT = 0.5  # of the norm of a gradient


def heldout_loss(run):
    """Share of the best policy's reward that the trained policy misses, computed exactly"""
    return float(1 - earned(probs(run)).mean() / best().mean())


def check_gliders_stay_in_rising_air(run):
    """From nearly all states from which the thermal can be reached, the policy is still in the air after 60 steps."""
    policy, there = probs(run), np.eye(len(STATES))
    for _ in range(60):
        there = there @ leads(policy)
    reachable = np.abs(WHERE - THERMAL) <= HEIGHTS
    share = float(there.sum(axis=1)[reachable].mean())
    assert share > 0.75, f"{share:.0%} of them are (expected: over 75 %)"


def check_the_critic_expects_what_is_earned(run):
    """The critic expects from each state what the policy earns from there in use."""
    told = earned(probs(run))
    expected = np.asarray(run.value(observations()), dtype=np.float64).reshape(len(STATES))
    off = float(np.abs(expected - told).mean() / told.mean())
    assert off < 0.16, (
        f"on average it expects {expected.mean():.2f} where {told.mean():.2f} is earned, with an error of {off:.0%} "
        "(expected: below 16 %)"
    )


def check_a_state_alone_gets_the_same_answer(run):
    """Each state has the same probabilities alone and among others, and they sum to 1."""
    together = np.asarray(run.policy(observations()), dtype=np.float64)
    total = together.sum(axis=1)
    assert np.abs(total - 1).max() < 1e-3, f"they sum to {total.min():.3g} to {total.max():.3g} (expected: 1)"
    for size in (1, 2, 7):
        gap = float(np.abs(np.asarray(run.policy(observations()[:size])) - together[:size]).max())
        assert gap < 1e-3, f"among {size} states, a probability changes by up to {gap:.2g} (expected: 0)"


def check_advantages_are_exact(run):
    """Advantages are sums of prediction errors, within an episode, and a next value counts unless the episode ended."""
    shape = (12, 40)
    rewards, values, following = run.rng.normal(size=(3, *shape)).astype(np.float32)
    terminated = run.rng.random(shape) < 0.15
    truncated = ~terminated & (run.rng.random(shape) < 0.15)
    goes_on = ~(terminated | truncated)[:-1]
    following[:-1][goes_on] = values[1:][goes_on]
    wanted, later = np.zeros(shape), np.zeros(shape[1])
    for t in reversed(range(len(wanted))):
        error = rewards[t] + GAMMA * following[t] * ~terminated[t] - values[t]
        wanted[t] = later = error + GAMMA * LAMBDA * later * ~(terminated[t] | truncated[t])
    for _ in range(CALLS):
        told = np.asarray(run.compute_gae(rewards, values, following, terminated, truncated), dtype=np.float64)
        assert told.shape == wanted.shape, f"advantages of shape {told.shape} (expected: {wanted.shape})"
        wrong = float(np.mean(np.abs(told - wanted) > 1e-3))
        assert wrong == 0, f"{wrong:.0%} of the advantages are others (expected: 0 %)"


def check_the_loss_is_a_mean(run):
    """The loss of a batch is a mean: with every step twice, it stays the same."""
    count = 200
    batch = (
        observations()[run.rng.integers(len(STATES), size=count)],
        run.rng.integers(ACTIONS, size=count),
        np.full(count, -np.log(ACTIONS), dtype=np.float32),
        run.rng.normal(size=count).astype(np.float32),
        (2 + 2 * run.rng.normal(size=count)).astype(np.float32),
    )
    once = float(np.asarray(run.batch_loss(*batch)))
    twice = float(np.asarray(run.batch_loss(*(np.concatenate([part, part]) for part in batch))))
    assert abs(twice - once) < 0.03 * abs(once) + 0.01, f"it changes from {once:.3g} to {twice:.3g}"


def check_no_step_counts_for_several(run):
    """In every step of the optimizer, a single step of a glider counts for its share of the batch."""
    calls = [call for call in run.audit.needed().calls if call.slope is not None and call.slope.ndim == 2]
    sizes = [float(np.abs(call.slope[:, -1]).max()) * call.rows for call in calls if call.slope.shape[1] == ACTIONS + 1]
    if not sizes:
        raise UndecidedError("what the training teaches could not be seen")
    odd = sum(size > STEEPEST for size in sizes)
    assert not odd, (
        f"at {odd} of {len(sizes)} sampled steps, one pulls at a value with a weight of up to {max(sizes):.3g} "
        f"(expected: below {STEEPEST})"
    )


def check_no_step_follows_a_long_gradient(run):
    """No step of the optimizer follows a gradient whose norm is greater than 0.5."""
    norms = run.audit.needed().norms
    norms = norms[np.isfinite(norms)]
    if not len(norms):
        raise UndecidedError("the gradients that steps follow could not be seen")
    longer = int((norms > 1.02 * LIMIT).sum())
    assert not longer, f"{longer} of {len(norms)} sampled steps do, up to {norms.max():.3g} (expected: none)"


def fly(action):
    """The numbers of the states to which an action leads, its rewards, and whether the ground is reached."""
    places = np.clip(WHERE + action - 1, 0, PLACES - 1)
    heights = np.minimum(HEIGHTS + np.where(places == THERMAL, 1, -1), TOP)
    terminated = heights <= 0
    rewards = np.where(terminated, np.where(places == AIRFIELD, 1.0, -0.5), 0.1)
    return places * TOP + np.maximum(heights, 1) - 1, rewards, terminated


def observations():
    """What a network is given of each state (48, 2)."""
    return np.stack([2 * WHERE / (PLACES - 1) - 1, 2 * HEIGHTS / TOP - 1], axis=-1).astype(np.float32)


def leads(policy):
    """How likely each state leads to each other one (48, 48), for as long as a glider is in the air."""
    out = np.zeros((len(STATES), len(STATES)))
    for action in range(ACTIONS):
        after, _, terminated = fly(action)
        np.add.at(out, (STATES, after), policy[:, action] * ~terminated)
    return out


def earned(policy):
    """What a policy (48, 3) earns from each state, in use."""
    rewards = sum(policy[:, action] * fly(action)[1] for action in range(ACTIONS))
    return np.linalg.solve(np.eye(len(STATES)) - GAMMA * leads(policy), rewards)


def best():
    """What the best policy earns from each state."""
    found = np.zeros(len(STATES))
    for _ in range(500):
        options = [fly(action) for action in range(ACTIONS)]
        found = np.max([r + GAMMA * found[after] * ~end for after, r, end in options], axis=0)
    return found


def probs(run):
    """The probabilities (48, 3) of the actions."""
    return probabilities(np.asarray(run.policy(observations())).reshape(len(STATES), ACTIONS))
