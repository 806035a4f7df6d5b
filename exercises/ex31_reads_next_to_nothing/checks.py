"""What a correct fix of ex31 shows: the behaviors that its bugs break."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import cross_entropy, log_probabilities, needs, nll, probabilities, redrawn
from bugkit.invariants import check_every_row_teaches
from bugkit.questions import gradients

SHEET = 30  # images in one call of `predict`
SIZES = (2, 3, SHEET, 64, 201)  # of other calls
TURNS = ((1,), (2,), (1, 2))  # axes of images (N, 8, 8) that are flipped
SHIFTS = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
BATCH = 64
DIVERGED = 2.0  # nats
CUT_OFF = 0.02  # a ReLU that changes sides while it is tried gives up to 0.002, a part that is cut off 0.1
FLIPPED = 0.05  # by so much likelier after a flip; rotated, scaled and shifted images seldom are

MODULES = """
modules = {id(m): m for m in list(globals().values()) if isinstance(m, torch.nn.Module)}.values()
"""
TWICE = """
for module in modules:
    module.eval()
first, second = (torch.as_tensor(predict(images)) for _ in range(2))
"""
ASKED = """
def numbers():
    return [v.detach().double().flatten() for m in modules for v in m.state_dict().values()] + [torch.zeros(1)]

before = torch.cat(numbers())
predict(images)
after = torch.cat(numbers())
finite = before.isfinite().all()
moved = (torch.nan_to_num(after) - torch.nan_to_num(before)).abs().amax()
"""
COMPANY = """
torch.manual_seed(0)
first = torch.as_tensor(predict(images)).clone()
torch.manual_seed(0)
second = torch.as_tensor(predict(others))
"""
# The loss as it is asked for and as training asks for it.
LOSSES = """
told = [float(loss_of(logits, labels)), float(loss_of(logits.clone().requires_grad_(), labels))]
with torch.no_grad():
    told.append(float(loss_of(logits, labels)))
told = np.array(told)
"""


def draw(rng):
    """The digits with permuted labels and another split; pixels stay in place, for convolutions look at neighbors."""
    return redrawn("digits", rng, labels=True)


def heldout_loss(run):
    """Held-out cross-entropy of what `predict` returns, sheet by sheet"""
    x, y = sheets(run.heldout)
    return nll(np.concatenate([run.predict(x[i : i + SHEET]) for i in range(0, len(y), SHEET)]), y)


def check_what_is_shown_can_be_read(run):
    """In training, the network sees digits as people write them."""
    known = run.train[0].reshape(-1, 8, 8)
    batches = [call.inputs[0] for call in run.audit.needed().calls if call.inputs]
    strange = [strangeness(b.reshape(-1, 8, 8), known) for b in batches if b.size == len(b) * 64]
    strange = [(share, rows) for share, rows in strange if not np.isnan(share)]
    if not strange:
        raise UndecidedError("the inputs of the training look like none of the images")
    shares, rows = np.transpose(strange)
    worst, mean = shares[rows >= 16].max(initial=0), np.average(shares, weights=rows)
    assert worst < 0.25, (
        f"in one batch, {worst:.0%} of the inputs look like no digit in the data set (expected: below 25 %)"
    )
    assert mean < 0.04, f"{mean:.1%} of the inputs look like no digit in the data set (expected: below 4 %)"


def check_the_same_image_gets_the_same_answer(run):
    """In evaluation mode, the same image gets the same logits every time, in every row of a sheet."""
    for size in SIZES:
        x = run.rng.permutation(run.train[0])[:size]
        x[size // 2] = x[0]
        answers = run.ask(MODULES + TWICE, {"images": x}, ["first", "second"], needs=["predict"])
        first, second = (log_probabilities(answers[name]) for name in ("first", "second"))
        if not np.isfinite(first).all() or (size > 2 and np.ptp(first, axis=0).max() < 1e-3):
            raise UndecidedError("its logits are equal for all images, or not finite")
        change = max(np.abs(first - second).max(), np.abs(first[0] - first[size // 2]).max())
        change /= max(1.0, np.abs(first).max() / 20)
        assert change < 2e-3, (
            f"on a sheet of {size}, a logit of the same image changes by up to {change:.2g} (expected: 0)"
        )


def check_the_loss_is_that_of_an_image(run):
    """The loss of a batch is in nats per image, for batches of any size."""
    for size in (1, 2, 7, 31, BATCH, 65, 300):
        logits = run.rng.normal(size=(size, 10))
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))  # log-probabilities are logits, too
        labels = run.rng.integers(10, size=size)
        if size < 8:
            labels = logits.argsort(axis=1)[:, 4]  # neither very likely nor very unlikely
        true, arrays = cross_entropy(logits, labels), {"logits": logits.astype(np.float32), "labels": labels}
        told = run.ask(LOSSES, arrays, ["told"], needs=["loss_of"])["told"]
        worst = told[np.abs(np.log(np.maximum(told, 1e-9) / true)).argmax()]
        assert true / 2 < worst < 2 * true, (
            f"for {size} images, `loss_of` returns {worst:.3g} (expected: {true:.2f} nats)"
        )
    ratios = [r for r in map(followed, run.audit.calls) if r is not None]
    big = float(np.max(ratios, initial=0))
    assert big < 12, f"a training step follows {big:.3g} times the gradient of the mean loss (expected: 1)"


def check_each_image_counts_alike_in_the_loss(run):
    """The loss of a batch does not depend on the order of its images."""
    for size in (2, 7, BATCH, 65, 200):
        logits, labels = run.rng.normal(size=(size, 10)), run.rng.integers(10, size=size)
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        logits[0, labels[0]] -= 20  # one image is classified very badly
        told = []
        for first in (0, size // 2, size - 1):
            order = np.roll(np.arange(size), first)
            arrays = {"logits": logits[order].astype(np.float32), "labels": labels[order]}
            told.append(run.ask(LOSSES, arrays, ["told"], needs=["loss_of"])["told"])
        apart = float(np.ptp(told, axis=0).max() / np.abs(told).max())
        assert apart < 0.01, f"in another order, the loss of {size} images differs by {apart:.0%} (expected: 0 %)"


def check_every_step_follows_its_own_batch(run):
    """Every step follows the gradient of its own batch."""
    calls = [call for call in run.audit.needed().calls if call.step > 0 and not np.isnan(call.left_over)]
    old = sum(call.left_over > 0 for call in calls)
    assert old == 0, f"{old} of {len(calls)} sampled steps follow gradients of earlier steps, too (expected: 0)"


def check_being_asked_changes_nothing(run):
    """A call of `predict` does not change the network."""
    x, _ = sheets(run.heldout)
    for size in (1, *SIZES):
        answer = run.ask(MODULES + ASKED, {"images": x[:size]}, ["moved", "finite"], needs=["predict"])
        if not answer["finite"]:
            raise UndecidedError("its weights are not finite")
        moved = float(answer["moved"])
        assert moved < 1e-6, f"with {size} images, a value in it changes by {moved:.2g} (expected: 0)"


@needs("check_every_step_follows_its_own_batch")
def check_an_image_is_read_by_itself(run):
    """The logits of an image do not depend on the other images on its sheet."""
    x, _ = sheets(run.heldout)
    for size in SIZES:
        two = {"images": x[:size], "others": np.concatenate([x[:1], x[1 - size :]])}
        answers = run.ask(COMPANY, two, ["first", "second"], needs=["predict"])
        first, second = (log_probabilities(answers[name]) for name in ("first", "second"))
        if not np.isfinite(first).all() or np.ptp(first, axis=0).max() < 1e-3:
            raise UndecidedError("its logits are equal for all images, or not finite")
        change = float(np.abs(first[0] - second[0]).max()) / max(1.0, np.abs(first).max() / 20)
        assert change < 0.01, (
            f"on another sheet of {size}, a logit of the same image changes by up to {change:.2g} (expected: 0)"
        )


def check_gradients_are_whole(run):
    """At every step of the training, the gradients are those of the whole network."""
    gaps = np.array([gap for _, gap, _ in gradients(run)])
    if not (len(gaps) and heldout_loss(run) < DIVERGED):
        raise UndecidedError("the gradients of the training could not be compared")
    share = float(np.mean(gaps > CUT_OFF))
    assert share == 0, f"at {share:.0%} of the sampled steps, a part of the network is missing in them (expected: 0 %)"


def followed(call):
    """The size of the gradient that a step follows, relative to that of the mean cross-entropy; None: not known."""
    if call.slope is None or call.slope.shape != (call.rows, 10) or call.output.shape != call.slope.shape:
        return None
    out, slope = call.output.astype(float), call.slope.astype(float)
    p = probabilities(out)
    if not np.isfinite(p).all():
        return None
    if out.min() >= 0 and np.abs(out.sum(axis=1) - 1).max() < 1e-3:  # probabilities: back through softmax
        slope = p * (slope - (slope * p).sum(axis=1, keepdims=True))
    else:
        slope = slope - p * slope.sum(axis=1, keepdims=True)  # the same for logits, right for log-probabilities
    wanted = np.linalg.norm(p - np.eye(10)[slope.argmin(axis=1)]) / len(p)
    return float(np.linalg.norm(slope) / wanted) if wanted > 1e-3 else None


def strangeness(shown, known):
    """Share of a batch that looks like a known image only after a flip, and rows; NaN: like none at all."""
    as_written = likeness(shown, known)
    otherwise = np.max([likeness(np.flip(shown, axes), known) for axes in TURNS], axis=0)
    alike = np.median(np.maximum(as_written, otherwise)) > 0.6
    return (float(np.mean(otherwise > as_written + FLIPPED)) if alike else np.nan), len(shown)


def sheets(task):
    """The images in the order of the sheets: one digit after another."""
    x, y = task
    order = np.argsort(y, kind="stable")
    return x[order], y[order]


def likeness(images, known):
    """The highest correlation of each image with a known one, shifted by up to one pixel."""
    rows = standard(images)
    return np.max([(rows @ standard(np.roll(known, shift, axis=(1, 2))).T).max(axis=1) for shift in SHIFTS], axis=0)


def standard(images):
    """Rows (N, 64) with mean 0 and length 1."""
    rows = images.reshape(len(images), 64)
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
