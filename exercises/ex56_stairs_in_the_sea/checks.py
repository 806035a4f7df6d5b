"""What a correct fix of ex56 shows: hours are resolved late as early, and every step reaches every weight."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.invariants import check_every_row_teaches, check_the_same_question_gets_the_same_answer
from bugkit.run import LearnerCodeError

__all__ = ["check_every_row_teaches", "check_the_same_question_gets_the_same_answer"]

PERIODS = np.array([12.4206, 12.0, 12.6583, 23.9345, 25.8193])  # hours
HEIGHTS = np.array([1.30, 0.45, 0.28, 0.35, 0.25])  # meters
PHASES = np.array([0.4, 1.9, 5.1, 2.2, 4.0])
HOURS = 24 * 60
SPANS = ((20, 220), (620, 820), (1230, 1430))  # hours
EQUAL = 0.15  # of neighboring hours; bfloat16 rounds 1 % of the levels to the same number
RATE = 5.1e-4
GAP = 0.15  # of the standard deviation
LARGE = 500  # numbers of a matrix
EVEN = (0.7, 1.5)  # how far large weights went, by how far those near 0 did; right programs 0.9 to 1.1
# As the notebook promises: hours in float32, whatever the type of the weights; in float64 where all is in float64.
LEVELS = """
wide = torch.get_default_dtype() == torch.float64
if isinstance(model, torch.nn.Module):
    model.eval()
    wide = wide or any(w.dtype == torch.float64 for w in model.parameters())
asked = torch.as_tensor(hundredths).double() / 100
with torch.no_grad():
    told = torch.as_tensor(model(asked if wide else asked.float())).double()
"""
# What the network gives for what a step was given, with the weights that it began with.
THEN = (
    """
weights = list(model.parameters())
if sum(w.numel() for w in weights) != len(before):
    raise TypeError("it has other weights than in training")
torch.nn.utils.vector_to_parameters(before.to(weights[0].dtype), weights)
"""
    + LEVELS
)
SHAPES = "shapes = np.array([[w.numel(), w.dim()] for w in model.parameters()])"


def rms_error(run):
    """Root mean square error of the water level, over the whole two months"""
    hours = np.round(run.rng.uniform(0, HOURS, 2000), 2)
    return 100 * float(np.sqrt(np.mean((levels(run, hours) - tide(hours)) ** 2)))


def check_the_curve_has_no_steps(run):
    """From one hour to the next, the level changes, late as early."""
    for first, last in SPANS:
        told = levels(run, np.arange(first, last) + 0.25)
        equal = float(np.mean(told[1:] == told[:-1]))
        assert equal < EQUAL, (
            f"from hour {first} to {last}, {equal:.0%} of the levels are the same as an hour before (expected: below"
            f" {EQUAL:.0%})"
        )


def check_the_rhythm_is_kept(run):
    """In each month, the curve goes with the tide, neither early nor late."""
    hours = np.arange(0, HOURS, 0.5)
    told = levels(run, hours)
    if told.std() < 0.05:
        raise UndecidedError("its curve is flat")
    shifts = np.arange(-4, 4.01, 0.25)
    for first, last in SPANS:
        some = (hours >= first) & (hours < last)
        fits = [np.corrcoef(told[some], tide(hours[some] + shift))[0, 1] for shift in shifts]
        best = shifts[int(np.argmax(fits))]
        assert abs(best) <= 0.5, (
            f"from hour {first} to {last}, the curve is {abs(best):.2f} hours {'late' if best < 0 else 'early'}"
            " (expected: at most half an hour)"
        )


def check_every_weight_is_trained(run):
    """In training, large weights go as far from their beginning as those near zero."""
    moments = run.moments
    if len(moments) < 2:
        raise UndecidedError("no weights were seen in training")
    begin, end = moments[0].before, moments[-1].after
    at, ratios = 0, []
    for count, dims in run.ask(SHAPES, {}, ["shapes"], needs=["model"])["shapes"].astype(int):
        some, at = slice(at, at + count), at + count
        if dims == 2 and count >= LARGE:
            size, far = np.abs(begin[some]), np.abs(end[some] - begin[some])
            large = size > np.median(size)
            ratios.append(far[large].mean() / max(far[~large].mean(), 1e-30))
    if not ratios or at != len(begin):
        raise UndecidedError("its weights are not those that were seen in training")
    low, high = EVEN
    worst = min(ratios)
    assert worst > low, f"in one layer, they go {worst:.2f} times as far (expected: {low} to {high})"


def check_training_computes_what_is_computed_in_use(run):
    """In every step, the network gives the levels that it gives with the same weights when it is asked."""
    gaps = []
    for moment in run.moments:
        call = moment.call
        if len(call.inputs) != 1 or call.inputs[0].size != call.output.size:
            continue
        arrays = {"hundredths": np.round(100 * call.inputs[0].reshape(-1)).astype(np.int64), "before": moment.before}
        try:
            told = run.ask(THEN, arrays, ["told"], needs=["model"])["told"].reshape(-1)
        except LearnerCodeError:
            continue
        off = np.abs(told - call.output.reshape(-1))
        gaps.append(float(np.median(off) / max(told.std(), 1e-3)))
    if not gaps:
        raise UndecidedError("no step can be compared")
    worst = max(gaps)
    assert worst < GAP, (
        f"half of the levels of a step are off by {worst:.0%} of their range (expected: by rounding, 2 %)"
    )


def check_the_learning_rate_is_kept(run):
    """The learning rate is never higher than 5e-4."""
    rates = run.audit.rates[np.isfinite(run.audit.rates)]
    if not len(rates):
        raise UndecidedError("no optimizer was seen that holds the network")
    assert rates.max() <= RATE, f"it is up to {rates.max():.1e} (expected: at most 5.0e-04)"


def levels(run, hours):
    """The water levels (N,) in meters."""
    hundredths = np.round(100 * np.asarray(hours)).astype(np.int64)
    return run.ask(LEVELS, {"hundredths": hundredths}, ["told"], needs=["model"])["told"].reshape(-1)


def tide(hours):
    """The true water level (N,) in meters."""
    level = (HEIGHTS * np.cos(2 * np.pi * hours[:, None] / PERIODS - PHASES)).sum(axis=1)
    return level + 0.12 * level**2
