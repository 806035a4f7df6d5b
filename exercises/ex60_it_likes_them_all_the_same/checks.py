"""What a correct fix of ex60 shows: pairs that are compared one by one, and rewards that padding does not change."""

import numpy as np

from bugkit import data
from bugkit.audit import UndecidedError
from bugkit.checks import needs
from bugkit.invariants import check_every_row_teaches, check_gradients_are_whole
from bugkit.questions import replayed

LETTERS = 26
CLOSE = 1e-3  # of a reward; float32 moves one by some 1e-6
FEW = 0.3  # of the spellings: so many misspellings are names, too
EVEN = 0.02  # of the spread of the rewards: by how much the weights of pairs differ where all teach the same
SAME = 1e-4  # of a reward
LOSS = """
with torch.no_grad():
    loss = torch.as_tensor(float(preference_loss(chosen, rejected)), dtype=torch.float64)
"""
PADDED = """
if isinstance(model, torch.nn.Module):
    model.eval()
with torch.no_grad():
    wide = torch.cat([tokens, torch.zeros(len(tokens), int(more), dtype=tokens.dtype)], dim=1)
    apart = torch.cat([torch.as_tensor(model(row[None, : int(n)])).reshape(1) for row, n in zip(tokens, lengths)])
    usual, padded = (torch.as_tensor(model(one)).reshape(-1) for one in (tokens, wide))
"""


def heldout_loss(run):
    """Held-out negative log-likelihood of the choices per pair"""
    chosen, rejected = pairs(run, 1000)
    gaps = np.concatenate(
        [
            rewards(run, chosen[rows], more) - rewards(run, rejected[rows], more)
            for rows, more in ((slice(0, 500), 0), (slice(500, 1000), 12))
        ]
    )
    return float(np.mean(softplus(-gaps)))


def check_padding_does_not_count(run):
    """A reward is the same with any number of zeros behind the letters, and alone."""
    chosen, rejected = pairs(run, 200)
    tokens = run.rng.permutation(np.concatenate([chosen, rejected]))
    for count, more in ((64, 3), (5, 1), (128, 12), (1, 7), (64, 1), (300, 4)):
        some = tokens[run.rng.permutation(len(tokens))[:count]]
        lengths = (some > 0).sum(axis=1)
        some = some[:, : lengths.max()]
        asked = {"tokens": some, "lengths": lengths}
        told = run.ask(PADDED, asked, ["usual", "padded", "apart"], needs=["model"], more=more)
        for what, answers in (("with more zeros", told["padded"]), ("alone", told["apart"])):
            gap = float(np.abs(answers.astype(np.float64) - told["usual"]).max())
            assert gap < CLOSE, f"{what}, a reward changes by up to {gap:.2g} (expected: 0)"


def check_the_loss_is_that_of_the_choices(run):
    """For any pairs, `preference_loss` is the mean negative log-likelihood that follows from the rewards."""
    chosen, rejected = pairs(run, 1000)
    for count, rate in ((64, 0), (1, 0), (64, 1), (7, 0.5), (300, 0.1), (64, 0), (128, 0.3), (2, 0.5)):
        rows = run.rng.permutation(len(chosen))[:count]
        turned = run.rng.random(count) < rate  # the annotator may choose the misspelling
        one = np.where(turned[:, None], rejected[rows], chosen[rows])
        other = np.where(turned[:, None], chosen[rows], rejected[rows])
        one, other = (tokens[:, : (tokens > 0).sum(axis=1).max()] for tokens in (one, other))
        told = float(run.ask(LOSS, {"chosen": one, "rejected": other}, ["loss"], needs=["preference_loss"])["loss"])
        wanted = float(np.mean(softplus(rewards(run, other) - rewards(run, one))))
        assert abs(told - wanted) < CLOSE + 0.01 * wanted, (
            f"for {count} pairs, it is {told:.3f} and follows from the rewards as {wanted:.3f}"
        )


@needs("check_the_loss_is_that_of_the_choices")
def check_names_are_preferred(run):
    """Held-out names get higher rewards than their misspellings, whatever their lengths."""
    chosen, rejected = pairs(run, 3000)
    gaps = rewards(run, chosen) - rewards(run, rejected)
    longer = (rejected > 0).sum(axis=1) - (chosen > 0).sum(axis=1)
    for what, rows in (("longer", longer > 0), ("shorter", longer < 0), ("as long", longer == 0)):
        share = float(np.mean(gaps[rows] > 0))
        assert share > 0.68, f"of names whose misspelling is {what}, {share:.0%} are preferred (expected: over 68 %)"


def check_each_step_raises_names_and_lowers_misspellings(run):
    """At every step, rewards of names are raised and those of misspellings are lowered."""
    for call, slope, known in taught(run):
        if known.mean() > FEW:
            raised = float(np.mean(slope[known] < 0))
            assert raised > 0.75, f"at step {call.step}, {raised:.0%} of the names are raised (expected: nearly all)"
        if not known.all():  # some misspellings are names, too
            lowered = float(np.mean(slope[~known] > 0))
            assert lowered > 0.97, f"at step {call.step}, {lowered:.0%} of the others are lowered (expected: 100 %)"


@needs("check_each_step_raises_names_and_lowers_misspellings")
def check_clear_choices_teach_less(run):
    """Pairs whose rewards are far apart teach less than pairs whose rewards are close."""
    spreads = []
    for call, slope, _ in taught(run):
        varied = float(call.output.astype(np.float64).std())
        if len(slope) > 16 and varied > 0.01:
            spreads.append(np.abs(slope).std() / np.abs(slope).mean() / varied)
    if not spreads:
        raise UndecidedError("what the training teaches could not be seen")
    share = float(np.mean(np.array(spreads) < EVEN))
    assert share == 0, f"at {share:.0%} of the sampled steps, all pairs teach the same (expected: 0 %)"


def check_every_step_trains_the_same_network(run):
    """At every step of the training, a spelling has the reward that it has when the network is used."""
    gaps = [np.abs(then - answers) for _, then, answers in replayed(run)]
    if not gaps or np.median([gap[0].min() for gap in gaps]) > SAME:
        raise UndecidedError("what the network computed in training could not be compared")
    odd = float(np.mean([gap.max() > 0.05 for gap in gaps]))
    assert odd == 0, f"at {odd:.0%} of the sampled steps, a reward is different (expected: 0 %)"


def taught(run):
    """Sampled steps: the call, the slope of each reward (N,), and which of its spellings are names (N,)."""
    names = {tuple(row) for row in padded(data.names(), 24)}
    found = []
    for call in run.audit.needed().calls:
        tokens = call.inputs[0] if call.inputs else np.zeros(0)
        if call.slope is None or tokens.ndim != 2 or tokens.dtype.kind != "i" or call.slope.size != len(tokens):
            continue
        wide = np.zeros((len(tokens), 24), dtype=np.int64)
        wide[:, : tokens.shape[1]] = tokens[:, :24]
        known = np.array([tuple(row) in names for row in wide.tolist()])
        found.append((call, call.slope.reshape(-1).astype(np.float64), known))
    if not found:
        raise UndecidedError("what the training teaches could not be seen")
    return found


def rewards(run, tokens, more=0):
    """The rewards (N,) of spellings (N, T), with more zeros behind them."""
    wide = np.pad(tokens, ((0, 0), (0, more)))
    return np.asarray(run.model(wide), dtype=np.float64).reshape(-1)


def pairs(run, count):
    """Held-out names (N, 12) and a misspelling of each (N, 12), which is not a name of the data itself."""
    known = set(data.names())
    names = [name for name in "".join(map(chr, run.heldout[0])).split() if len(name) < 12]
    chosen, rejected = [], []
    while len(chosen) < count:
        name = names[run.rng.integers(len(names))]
        other = misspelled(run.rng, name)
        if other != name and other not in known:
            chosen.append(name)
            rejected.append(other)
    return np.array(padded(chosen, 12)), np.array(padded(rejected, 12))


def misspelled(rng, name):
    """The name with one letter put in, left out or replaced."""
    place, letter, kind = rng.integers(len(name)), chr(ord("a") + rng.integers(LETTERS)), rng.integers(3)
    if kind == 0:
        return name[:place] + letter + name[place:]
    if kind == 1 and len(name) > 2:
        return name[:place] + name[place + 1 :]
    return name[:place] + letter + name[place + 1 :]


def padded(spellings, width):
    """Spellings as rows of tokens with zeros behind (N, width)."""
    return [[ord(x) - ord("a") + 1 for x in one] + [0] * (width - len(one)) for one in spellings]


def softplus(x):
    """log(1 + exp(x))."""
    return np.logaddexp(0, x)
