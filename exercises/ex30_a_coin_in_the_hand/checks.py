"""What a correct fix of ex30 shows: the critic expects what the policy earns in use, and episodes are independent."""

import numpy as np

from bugkit.checks import probabilities

# The grader's own copy of the field.
SIDE, GAMMA, COIN_PAYS, FOUNTAIN_PAYS = 5, 0.95, 8.0, 1.0
COUNT = SIDE * SIDE
MOVES = np.array([[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]])
PLACES = np.stack(np.divmod(np.arange(COUNT), SIDE), axis=1)
LEADS_TO = np.clip(PLACES[:, None] + MOVES, 0, SIDE - 1) @ [SIDE, 1]
DISTANCE = np.abs(PLACES[:, None] - PLACES).sum(axis=2)

ROBOTS = 64
NUMBERS = ("rewards", "values", "next_values")
# The same steps of some robots twice, the second time with other values from one step on. Skipped for a notebook
# without `compute_gae`, or with another signature.
ADVANTAGES = """
def told(*met):
    with torch.no_grad():
        return torch.as_tensor(compute_gae(*met))

try:
    before = told(rewards, values, next_values, terminated, truncated)
    again = told(rewards, values, next_values, terminated, truncated)
    after = told(other_rewards, other_values, other_next_values, terminated, truncated)
    asked = before.shape == rewards.shape and torch.equal(before, again)
except Exception:
    asked = False
if not asked:
    before = after = torch.zeros_like(rewards)
"""


def heldout_loss(run):
    """Share of the best policy's reward that the trained policy misses, computed exactly"""
    _, starts, earned, best = worked_out(run)
    return float(1 - earned[starts].mean() / best[starts].mean())


def check_robots_do_not_leave_with_the_coin(run):
    """In use, robots do not take the coin: the fountain is worth more from everywhere."""
    coin, starts, _, _ = worked_out(run)
    policy = probs(run)
    there = np.zeros(COUNT)
    there[starts] = 1 / len(starts)
    for _ in range(30):
        moving = np.where(np.arange(COUNT) == coin, 0, there)
        there = np.where(np.arange(COUNT) == coin, there, 0)
        np.add.at(there, LEADS_TO, moving[:, None] * policy)
    assert there[coin] < 0.2, f"{there[coin]:.0%} of the robots take the coin (expected: below 20 %)"


def check_the_critic_expects_what_is_earned(run):
    """The critic expects from each place what the policy earns from there in use."""
    _, starts, earned, _ = worked_out(run)
    expected = np.asarray(run.value(np.arange(COUNT)), dtype=np.float64).reshape(COUNT)
    told, true = expected[starts].mean(), earned[starts].mean()
    off = np.abs(expected - earned)[starts].mean() / true
    assert off < 0.13, (
        f"on average it expects {told:.1f} where {true:.1f} is earned, with an error of {off:.0%} "
        "(expected: below 13 %)"
    )


def check_no_episode_knows_of_the_next(run):
    """What a robot meets after it was put down again does not change the advantages of its earlier moves."""
    met, step = some_steps(run), 5
    met["truncated"][step, ::2] = True
    met["terminated"][step, 1::2] = True
    later = np.arange(len(met["rewards"])) > step
    change = moved(run, met, dict.fromkeys(NUMBERS, later), step)
    assert change < 1e-3, f"other steps after an episode change its advantages by {change:.2g} (expected: 0)"


def check_nothing_is_expected_after_the_coin(run):
    """After the coin nothing more is expected, no matter what value the critic gives to that place."""
    met, step = some_steps(run), 5
    met["terminated"][step] = True
    change = moved(run, met, {"next_values": np.arange(len(met["rewards"])) == step}, step)
    assert change < 1e-3, f"another value at the coin changes the advantages by {change:.2g} (expected: 0)"


def check_advantages_are_made_of_rewards_and_expectations(run):
    """Without rewards and values, advantages are 0, and each value counts once, at any time of an episode."""
    met, step = some_steps(run), 5
    met["truncated"][step, :4] = True
    nothing = met | {name: np.zeros_like(met[name]) for name in NUMBERS}
    made = float(np.abs(run.ask(ADVANTAGES, nothing | others(nothing), ["before"])["before"]).max())
    assert made < 1e-3, f"without rewards and values, the advantages are up to {made:.2g} (expected: 0)"
    for name, what in (("values", "the value of a place"), ("next_values", "the value of the next place")):
        usual = counts(run, met, name, step, 6)
        shares = [counts(run, met, name, step, robot) / usual if usual else 0.0 for robot in range(4)]
        apart, share = max(shares) - min(shares), shares[1]
        assert apart < 0.4, (
            f"when the time is up, {what} counts {min(shares):.2f} to {max(shares):.2f} times as much as usual "
            "(expected: the same for all robots)"
        )
        # The step may be left out, the caller may add the future, and returns may count the next value more there.
        once = abs(share) < 0.03 or abs(share - 1) < 0.3 or (name == "next_values" and share > 0.7)
        assert once, f"when the time is up, {what} counts {share:.2f} times as much as usual (expected: 1)"


def some_steps(run):
    """Ten steps of robots in which nothing ends: the arguments of `compute_gae`."""
    met = {name: run.rng.normal(size=(10, ROBOTS)).astype(np.float32) for name in NUMBERS}
    return met | {name: np.zeros((10, ROBOTS), dtype=bool) for name in ("terminated", "truncated")}


def others(met):
    """A copy of the values, under the names for the second call."""
    return {f"other_{name}": met[name].copy() for name in NUMBERS}


def counts(run, met, name, step, robot):
    """How much one robot's advantage changes with one of its values. 0 if `compute_gae` cannot be called."""
    other = others(met)
    other[f"other_{name}"][step, robot] += 0.5
    answer = run.ask(ADVANTAGES, met | other, ["before", "after"])
    return float((answer["after"] - answer["before"])[step, robot])


def moved(run, met, where, step):
    """How far the advantages up to a step change with other values in the steps ``where``. 0 if it cannot be called.

    A common factor and shift of all advantages do not count, because advantages may be standardized.
    """
    other = others(met)
    for name, steps in where.items():
        other[f"other_{name}"][steps] += run.rng.normal(size=(int(steps.sum()), ROBOTS)).astype(np.float32)
    answer = run.ask(ADVANTAGES, met | other, ["before", "after"])
    before, after = (answer[name][: step + 1].astype(np.float64).ravel() for name in ("before", "after"))
    before, after = before - before.mean(), after - after.mean()
    scale = before @ after / max(before @ before, 1e-12)
    return float(np.abs(after - scale * before).max())


def worked_out(run):
    """The place of the coin, the starts, and what the policy and the best policy earn from each place."""
    apart = np.argwhere(DISTANCE == 5)
    coin, fountain = apart[np.random.default_rng(run.seed).integers(len(apart))]
    starts = np.setdiff1d(np.arange(COUNT), [coin, fountain])
    pays = COIN_PAYS * (coin == LEADS_TO) + FOUNTAIN_PAYS * (fountain == LEADS_TO)
    goes_on = coin != LEADS_TO
    best = np.zeros(COUNT)
    for _ in range(500):
        best = (pays + GAMMA * best[LEADS_TO] * goes_on).max(axis=1)
    policy, leads = probs(run), np.zeros((COUNT, COUNT))
    np.add.at(leads, (np.arange(COUNT)[:, None], LEADS_TO), policy * goes_on)
    earned = np.linalg.solve(np.eye(COUNT) - GAMMA * leads, (policy * pays).sum(axis=1))
    return coin, starts, earned, best


def probs(run):
    """The probabilities (25, 5) of the moves. The policy may also return logits."""
    return probabilities(np.asarray(run.policy(np.arange(COUNT))).reshape(COUNT, len(MOVES)))
